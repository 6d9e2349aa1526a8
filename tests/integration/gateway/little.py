"""Little services on real sockets, and a real gateway process before them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from deploy.local.keys import ISSUER, PRIVATE
from deploy.local.passes import Passes

BOUND_SECONDS = 20.0


def until(condition: Callable[[], Any], bound: float = BOUND_SECONDS) -> Any:
    """Polls until the condition gives something true; fails the test after `bound` seconds."""
    deadline = time.monotonic() + bound
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError(f"not within {bound} s: {condition}")


@dataclass
class Seen:
    """A request as it arrived at a service."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name.lower()]


class Call(BaseHTTPRequestHandler):
    """One connection to a little service; `served` counts the requests on it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LittleServer
    served = 0

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):
            super().handle_one_request()

    def log_message(self, *args: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        service = self.server.service
        body = self._body()
        if body is None:  # cut off: a service ignores it
            self.close_connection = True
            return
        service.seen.append(Seen(self.command, self.path, list(self.headers.items()), body))
        self.served += 1
        service.routes.get(self.path.partition("?")[0], echo)(self)

    def _body(self) -> bytes | None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return self._chunks()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _chunks(self) -> bytes | None:
        body = b""
        while line := self.rfile.readline():
            piece = self.rfile.read(int(line, 16))
            self.rfile.readline()
            if not piece:
                return body
            body += piece
        return None

    def answer(self, status: int, body: bytes = b"", *lines: tuple[str, str]) -> None:
        self.send_response_only(status)
        for name, value in lines:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def raw(self, data: bytes) -> None:
        """Writes bytes that need not be HTTP, and closes."""
        with suppress(OSError):
            self.wfile.write(data)
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


Route = Callable[[Call], None]


def echo(call: Call) -> None:
    seen = call.server.service.seen[-1]
    told = {"method": seen.method, "target": seen.target, "length": len(seen.body)}
    call.answer(200, json.dumps(told).encode(), ("Content-Type", "application/json"))


class LittleServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    service: LittleService

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that break off are what some tests are about


@dataclass
class LittleService:
    """A service that answers by `routes` (path → function), and echoes everything else."""

    routes: dict[str, Route] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = LittleServer(("127.0.0.1", 0), Call)
        self._server.service = self
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name.lower()]

    def value(self, name: str) -> str:
        (value,) = self.values(name)
        return value

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class GatewayProcess:
    """A running `python -m gateway`."""

    process: subprocess.Popen[bytes]
    port: int
    sign: Callable[[], str]

    def connect(self, timeout: float = BOUND_SECONDS) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Reply:
        connection = self.connect()
        try:
            given = {"Authorization": self.sign(), **(headers or {})}
            connection.request(method, target, body, given)
            response = connection.getresponse()
            return Reply(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", target, named)

    def raw(self, data: bytes) -> bytes:
        """Sends bytes and reads until the gateway closes or falls silent. They go as they are, but
        a request that names a host carries a pass, so that it is judged for what else it is."""
        line, end, rest = data.partition(b"\r\n")
        if rest.lower().startswith(b"host:") and b"authorization:" not in rest.lower():
            data = line + end + f"Authorization: {self.sign()}\r\n".encode() + rest
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
            client.sendall(data)
            received = b""
            with suppress(OSError):
                while piece := client.recv(65536):
                    received += piece
            return received

    @property
    def worker(self) -> int:
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def peak_memory(self) -> int:
        """Bytes of memory the worker has held at most, as the kernel counts."""
        status = Path(f"/proc/{self.worker}/status").read_text().splitlines()
        (line,) = [line for line in status if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def alive(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}")
        with suppress(OSError, http.client.HTTPException):
            return self.get("/livez").status == 200
        return False


@dataclass(frozen=True)
class Household:
    """What every gateway of these tests has of its own: keys, and a directory with one tester."""

    mongodb_uri: str
    prefix: str
    keys: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            "MONGODB_URI": self.mongodb_uri,
            "THROUGHLINE_DATABASE_PREFIX": self.prefix,
            "THROUGHLINE_ACCESS_KEY": str(self.keys / PRIVATE),
            "THROUGHLINE_DEV_ISSUER": str(self.keys / ISSUER),
        }


TESTER = "tester"
HOUSEHOLDS: list[Household] = []
"""The one of this session; conftest makes it."""


@contextmanager
def gateway(
    upstreams: Mapping[str, str], stderr: Any = None, **settings: Any
) -> Iterator[GatewayProcess]:
    """Starts one with THROUGHLINE_<SETTINGS>, waits until it answers, ends it."""
    port = free_port()
    variables = {
        "THROUGHLINE_PORT": str(port),
        "THROUGHLINE_UPSTREAMS": ",".join(f"{name}={url}" for name, url in upstreams.items()),
        "THROUGHLINE_LOG_LEVEL": "warning",
        **HOUSEHOLDS[0].variables,
        **{f"THROUGHLINE_{key.upper()}": str(value) for key, value in settings.items()},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway"],
        env={**os.environ, **variables},
        stderr=stderr,
        start_new_session=True,
    )
    passes = Passes(HOUSEHOLDS[0].keys, f"http://127.0.0.1:{port}")
    running = GatewayProcess(process, port, lambda: passes.of(TESTER))
    try:
        until(running.alive)
        until(lambda: running.get("/readyz").status == 200)
        yield running
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(BOUND_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(BOUND_SECONDS)
