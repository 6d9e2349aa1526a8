"""A reader of server-sent events, as the WHATWG describes it for browsers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    id: str
    type: str
    data: str


class Sse:
    """Bytes in, dispatched events out; `last_event_id` is what a browser would come back with."""

    def __init__(self) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self.comments = 0
        self._rest = b""
        self._id = self._type = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> list[Sent]:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [sent for line in lines if (sent := self._line(line.decode())) is not None]

    def _line(self, line: str) -> Sent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not name:
            self.comments += 1
        elif name == "id":
            self._id = value
        elif name == "event":
            self._type = value
        elif name == "data":
            self._data.append(value)
        elif name == "retry":
            self.retry = int(value)
        return None

    def _dispatch(self) -> Sent | None:
        self.last_event_id = self._id
        type, data = self._type, self._data
        self._type, self._data = "", []
        return Sent(self._id, type or "message", "\n".join(data)) if data else None
