"""Servers that misbehave on purpose, each on a port of its own and in threads of this process."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Parts = Iterable[bytes]


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]


@dataclass(frozen=True)
class Reply:
    """What is answered. `parts` go out one by one; with `cut` the connection ends after them,
    without the end of the body that was promised; no status: without a word.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Parts = ()
    cut: bool = False


def told(body: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; header names with underscores."""
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        status, {"Content-Type": "application/json", **spelled}, [json.dumps(body).encode()]
    )


def problem(status: int, code: str, **headers: str) -> Reply:
    return told({"type": f"urn:throughline:problem:{code}", "status": status}, status, **headers)


CUT = Reply(0, cut=True)

Answer = Callable[[Asked], Reply]


class Served(ThreadingHTTPServer):
    """A server at `url` that answers by a function and remembers what it was asked."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: Answer, port: int = 0) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Served

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def _answer(self) -> None:
        where = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, where.path, parse_qs(where.query), dict(self.headers), body)
        self.server.asked.append(asked)
        reply = self.server.answer(asked)
        if reply.status:
            self._send(reply)
        if reply.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in reply.parts:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
        if not reply.cut:
            self.wfile.write(b"0\r\n\r\n")


@contextmanager
def served(answer: Answer, port: int = 0) -> Iterator[Served]:
    server = Served(answer, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def scripted(*replies: Reply, then: Answer | None = None) -> Answer:
    """The replies in turn, then `then`, else the last one for ever."""
    waiting = list(replies)
    lock = threading.Lock()

    def answer(asked: Asked) -> Reply:
        with lock:
            if then is not None and not waiting:
                return then(asked)
            return waiting.pop(0) if len(waiting) > 1 or then is not None else waiting[0]

    return answer
