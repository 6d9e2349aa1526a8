"""Free ports on loopback, kept from one start to the next where nobody else took them.

Ports come from below the kernel's ephemeral range: a port inside it can be somebody's outgoing
connection at the very moment the supervisor restarts the process that listens there.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local.errors import MissingPart

LOOPBACK = "127.0.0.1"
LOWEST = 15_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
DEFAULT_EPHEMERAL_START = 32_768
ATTEMPTS = 500


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now, as servers do (SO_REUSEADDR)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def answers(port: int, timeout_seconds: float = 0.5) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout_seconds).close()
    except OSError:
        return False
    return True


def pick(taken: Iterable[int] = ()) -> int:
    """A free port outside `taken`. Raises MissingPart when the machine has none."""
    avoided = set(taken)
    highest = _highest()
    for _ in range(ATTEMPTS):
        # S311 would be about secrets: this is only spreading checkouts over the range.
        port = random.randrange(LOWEST, highest)
        if port not in avoided and is_free(port):
            return port
    raise MissingPart(f"found no free port between {LOWEST} and {highest} on {LOOPBACK}")


def keep_or_pick(names: Iterable[str], before: Mapping[str, int]) -> dict[str, int]:
    """One distinct port for each name: the one it had before if that is free, else a new one."""
    ports: dict[str, int] = {}
    for name in names:
        old = before.get(name)
        kept = old is not None and old not in ports.values() and is_free(old)
        ports[name] = old if kept and old is not None else pick((*ports.values(), *before.values()))
    return ports


def _highest() -> int:
    """The start of the ephemeral range (Linux tells it, elsewhere the usual value holds)."""
    try:
        start = int(EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return DEFAULT_EPHEMERAL_START
    return start if start > LOWEST + ATTEMPTS else DEFAULT_EPHEMERAL_START
