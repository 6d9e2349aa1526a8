"""A real service behind a gateway that fails on purpose.

The service is the depot of tests/unit/http: real commands, real Idempotency-Keys, real problems.
The gateway in front takes `/v1/depot/...`, signs the caller in, and does with each request what
its list of `faults` says next.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.access import EVERYBODY, SIGNER
from tests.unit.http.depot import Depot

Environ = dict[str, Any]
Start = Callable[..., Any]
Fault = Callable[["House", Environ, Start], Iterable[bytes]]


class House:
    """`asked` has the headers of every request, in WSGI's spelling."""

    def __init__(self) -> None:
        self.depot = Depot()
        self.asked: list[Mapping[str, Any]] = []
        self.faults: list[Fault] = []
        self.url = ""

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        self.asked.append(dict(environ))
        fault = self.faults.pop(0) if self.faults else works
        return fault(self, environ, start)

    def heard(self, name: str) -> list[Any]:
        """A header of all requests in turn."""
        return [one.get(f"HTTP_{name.upper().replace('-', '_')}") for one in self.asked]


def works(house: House, environ: Environ, start: Start) -> Iterable[bytes]:
    path = environ["PATH_INFO"].replace("/v1/depot/", "/v1/", 1)
    token = SIGNER.token(EVERYBODY, "depot")
    passed = {**environ, "PATH_INFO": path, "HTTP_AUTHORIZATION": f"Bearer {token}"}
    return house.depot.app.wsgi_app(passed, start)


def cut_before(house: House, environ: Environ, start: Start) -> Iterable[bytes]:
    """The connection ends, and nothing was done."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    start("503 Service Unavailable", [])
    return []


def cut_after(house: House, environ: Environ, start: Start) -> Iterable[bytes]:
    """It was done, and nobody hears of it."""
    b"".join(works(house, environ, lambda *_: None))
    return cut_before(house, environ, start)


def refuses(status: int, code: str, **headers: str) -> Fault:
    """A problem, without asking the service; header names with underscores."""

    def fault(house: House, environ: Environ, start: Start) -> Iterable[bytes]:
        told = {"type": f"urn:throughline:problem:{code}", "status": status, "detail": "no"}
        spelled = [(name.replace("_", "-"), value) for name, value in headers.items()]
        start(f"{status} No", [("Content-Type", "application/problem+json"), *spelled])
        return [json.dumps(told).encode()]

    return fault


def says(status: int, body: bytes, **headers: str) -> Fault:
    """Anything at all."""

    def fault(house: House, environ: Environ, start: Start) -> Iterable[bytes]:
        start(f"{status} Said", [(name.replace("_", "-"), text) for name, text in headers.items()])
        return [body]

    return fault


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nobody reads it."""

    def connection_dropped(self, *_: Any) -> None:
        """We dropped it."""


@contextmanager
def opened(house: House) -> Iterator[House]:
    server = make_server("127.0.0.1", 0, house, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    house.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield house
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
