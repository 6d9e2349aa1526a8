"""Server-sent events taken apart, as the WHATWG says; pure.

What a cut connection leaves half-said is never an event: one ends with an empty line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A carriage return at the very end may be half of a line break: it waits for the next piece."""


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the last one heard of; `data` is None where only the id has moved."""

    id: str
    data: str | None


class Parser:
    """Fed with pieces of any size; `retry_seconds` is what the server asked for, if it did."""

    def __init__(self, last_id: str = "") -> None:
        self.retry_seconds: float | None = None
        self._id = last_id
        self._data: list[str] = []
        self._moved = False
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[Message]:
        *lines, self._rest = _LINE.split(self._rest + piece)
        for line in lines:
            if line:
                self._take(line.decode("utf-8", "replace"))
            elif self._data or self._moved:
                yield Message(self._id, "\n".join(self._data) if self._data else None)
                self._data, self._moved = [], False

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id, self._moved = value, True
        elif name == "retry" and value.isascii() and value.isdecimal():
            self.retry_seconds = int(value) / 1000
