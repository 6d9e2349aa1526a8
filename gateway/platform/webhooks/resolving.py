"""From a host's name to its addresses, within a time."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence

SECONDS = 5.0
AT_ONCE = 32
"""The system's resolver can't be interrupted, only not waited for: so many may be forgotten."""

Resolve = Callable[[str, int], Sequence[str]]
"""Raises OSError; TimeoutError when it takes too long."""


class Resolver:
    """The system's resolver, waited for so long and no longer."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Raises OSError; TimeoutError when it takes too long."""
        if not self._free.acquire(timeout=self._seconds):
            raise TimeoutError
        told: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(host, port, told), daemon=True).start()
        try:
            found = told.get(timeout=self._seconds)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(found, Exception):
            raise found
        return found

    def _ask(
        self, host: str, port: int, told: queue.SimpleQueue[Sequence[str] | Exception]
    ) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            told.put(list(dict.fromkeys(str(one[4][0]) for one in found)))
        except Exception as error:
            told.put(error)
        finally:
            self._free.release()
