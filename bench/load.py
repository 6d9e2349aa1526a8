"""A closed-loop HTTP client on raw sockets: cheap, so that two cores measure the server.

Each of `clients` connections sends the next request when its answer has come.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """`latencies` in seconds, one for each answer; `statuses` counts them by code."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds; `share` between 0 and 1."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Client:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.received = b""

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.received = b""
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status when the answer is complete. Raises ConnectionError at its end."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("closed by the server")
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        if at < 0:
            raise ValueError("an answer without Content-Length")
        length = int(lowered[at + 15 :].split(b"\r\n", 1)[0])
        return int(head[9:12]) if len(body) >= length else None


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


def drive(url: str, request: Callable[[int], bytes], *, clients: int, seconds: float) -> Load:
    """Runs for `seconds`; `request` gets the number of the request. Raises ConnectionError."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    selector = selectors.DefaultSelector()
    everyone = [_Client(address) for _ in range(clients)]
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    number = 0
    started = time.perf_counter()
    for client in everyone:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send(request(number))
        number += 1
    busy = clients
    while busy:
        for key, _ in selector.select(timeout=30):
            client = key.data
            status = client.receive()
            if status is None:
                continue
            now = time.perf_counter()
            latencies.append(now - client.sent_at)
            statuses[status] = statuses.get(status, 0) + 1
            if now - started < seconds:
                client.send(request(number))
                number += 1
            else:
                selector.unregister(client.socket)
                client.socket.close()
                busy -= 1
    return Load(time.perf_counter() - started, latencies, statuses)
