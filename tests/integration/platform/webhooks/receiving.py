"""A receiver of webhooks on loopback: a thread for each request, and a memory of what came."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(frozen=True)
class Request:
    """One that came; `number` counts all of them from 1, `tries` those of the same message."""

    number: int
    tries: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return orjson.loads(self.body)

    @property
    def key(self) -> str:
        event = self.event
        return str(event.get("subject") or event["stream"])


Answer = Callable[[Request], int | tuple[int, Mapping[str, str]]]
"""A status, with headers or without; 0 hangs up without an answer."""


@dataclass
class Receiver:
    """`requests` in the order in which they came, `accepted` in that in which they were answered
    with a 2xx; `journal` is both, as (what, message)."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    accepted: list[Request] = field(default_factory=list)
    journal: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def ids(self) -> list[str]:
        """Of the messages accepted, each once, in the order of their first acceptance."""
        with self.lock:
            return list(dict.fromkeys(one.id for one in self.accepted))

    def by_key(self) -> dict[str, list[str]]:
        """The same for each key."""
        with self.lock:
            accepted = list(self.accepted)
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for one in accepted:
            found[one.key][one.id] = None
        return {key: list(ids) for key, ids in found.items()}


@contextmanager
def receiving(answer: Answer = lambda _: 200) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with receiver.lock:
                receiver.tries[headers["webhook-id"]] += 1
                number, tries = len(receiver.requests) + 1, receiver.tries[headers["webhook-id"]]
                request = Request(number, tries, headers, body)
                receiver.requests.append(request)
                receiver.journal.append(("came", request.id))
            told = answer(request)
            status, more = told if isinstance(told, tuple) else (told, {})
            if 200 <= status < 300:
                with receiver.lock:
                    receiver.accepted.append(request)
                    receiver.journal.append(("accepted", request.id))
            if not status:
                return
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """The client is gone: killed, or out of patience."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
