"""HTTP clients on raw sockets: cheap, so that on a small machine the server is what is measured.

`drive` is a closed loop: each of `clients` connections sends the next request when its answer has
come; that shows what the server can do. `pace` is open: requests are due at fixed times whatever
the server does, and a request that had to wait for a free connection is late from when it was due.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SOCKET_SECONDS = 30


class Refused(Exception):
    """A server answered something else than success: such an answer is no measure."""


@dataclass(slots=True)
class Load:
    """`latencies` in seconds, in the order of the answers."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds; `share` between 0 and 1."""
        return percentile(self.latencies, share)


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Client:
    """One connection with at most one request in flight."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=SOCKET_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0
        self.since = 0.0
        self._received = b""

    def send(self, number: int, request: bytes, since: float) -> None:
        self.number, self.since, self._received = number, since, b""
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The whole answer once it is complete. Raises `Refused` when it tells no success."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("closed by the server")
        self._received += chunk
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return None
        if head[9:10] != b"2":
            raise Refused(self._received[:600].decode(errors="replace"))
        return self._received


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at < 0:
        raise ValueError("an answer without Content-Length")
    return int(lowered[at + 15 :].split(b"\r\n", 1)[0])


def post(url: str, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The bytes of one JSON request."""
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(url: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The bytes of one read."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{n}: {v}" for n, v in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def header(answer: bytes, name: str) -> str:
    """Raises KeyError when the answer has no such header."""
    head = answer.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.decode().lower() == name.lower():
            return value.strip().decode()
    raise KeyError(name)


Request = Callable[[int], bytes]
"""Makes the request of a number."""

Heard = Callable[[int, bytes, float], None]
"""Told number, answer, and when it was complete (seconds since the epoch)."""


class _Crowd:
    """Connections to one server, and what came back over them."""

    def __init__(self, url: str, clients: int, request: Request, heard: Heard | None) -> None:
        parts = urlsplit(url)
        address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.load = Load()
        self.idle = deque(_Client(address) for _ in range(clients))
        self.sent = 0
        self.busy = 0
        self._request = request
        self._heard = heard
        self._selector = selectors.DefaultSelector()
        for client in self.idle:
            self._selector.register(client.socket, selectors.EVENT_READ, client)

    def send(self, since: float) -> None:
        """The next request over an idle connection."""
        client = self.idle.popleft()
        client.send(self.sent, self._request(self.sent), since)
        self.sent += 1
        self.busy += 1

    def gather(self, wait_seconds: float) -> None:
        for key, _ in self._selector.select(max(0.0, wait_seconds)):
            client: _Client = key.data
            answer = client.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            self.load.latencies.append(now - client.since)
            self.busy -= 1
            self.idle.append(client)
            if self._heard:
                self._heard(client.number, answer, time.time())

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        self._selector.close()


def drive(url: str, request: Request, *, clients: int, seconds: float) -> Load:
    """A closed loop for `seconds`. With one client the latencies are in the requests' order."""
    crowd = _Crowd(url, clients, request, None)
    started = time.perf_counter()
    try:
        while crowd.busy or time.perf_counter() - started < seconds:
            while crowd.idle and time.perf_counter() - started < seconds:
                crowd.send(time.perf_counter())
            crowd.gather(1.0)
    finally:
        crowd.close()
    crowd.load.seconds = time.perf_counter() - started
    return crowd.load


def pace(
    url: str,
    request: Request,
    *,
    per_second: float,
    more: Callable[[float], bool],
    heard: Heard | None = None,
    clients: int = 16,
) -> Load:
    """An open loop while `more(seconds so far)`; latencies count from when a request was due."""
    crowd = _Crowd(url, clients, request, heard)
    started = time.perf_counter()
    try:
        while more(time.perf_counter() - started):
            due = started + crowd.sent / per_second
            if crowd.idle and time.perf_counter() >= due:
                crowd.send(due)
            wait = due - time.perf_counter() if crowd.idle else 1.0
            crowd.gather(min(wait, 1.0))
        while crowd.busy:
            crowd.gather(1.0)
    finally:
        crowd.close()
    crowd.load.seconds = time.perf_counter() - started
    return crowd.load
