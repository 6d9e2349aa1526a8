"""A feed as the platform serves it, in memory, that can be told to fail in every way.

A cursor is the number of events behind it. `cuts` says after how many events each answer ends in
the middle of the next one; None, or no more of them: not at all.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.clients.serving import CUT, Asked, Reply, problem, told

PAGE = 3


def event(number: int, **more: Any) -> dict[str, Any]:
    """The CloudEvent of a number; every third is of service, the others of sales."""
    context = "service" if number % 3 == 2 else "sales"
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": context,
        "type": f"crm.{context}.thing.happened.v1",
        "subject": f"c-{number % 2}",
        "time": "2026-11-27T12:00:00.123Z",
        "data": {"number": number, "words": "Zoë\u2028"},
        **more,
    }


class Feed:
    """Answers for `served`; `replies` come first, whatever was asked."""

    def __init__(self, count: int = 0) -> None:
        self.log = [event(number) for number in range(count)]
        self.cuts: list[int | None] = []
        self.replies: list[Reply] = []
        self.meanwhile: list[list[dict[str, Any]]] = []
        """What happens right before each request is looked at."""
        self._grown = threading.Condition()

    def grow(self, *more: dict[str, Any]) -> None:
        with self._grown:
            self.log += more
            self._grown.notify_all()

    def __call__(self, asked: Asked) -> Reply:
        if self.meanwhile:
            self.grow(*self.meanwhile.pop(0))
        if self.replies:
            return self.replies.pop(0)
        if asked.path == "/v1/events":
            return self._page(asked)
        assert asked.path == "/v1/events/stream"
        after = self._place(place_asked(asked))
        headers = {"Content-Type": "text/event-stream"}
        return Reply(200, headers, self._frames(after, asked), cut=True)

    def _place(self, cursor: str) -> int:
        return len(self.log) if cursor == "latest" else int(cursor or 0)

    def _page(self, asked: Asked) -> Reply:
        after = self._place(asked.one("after"))
        with self._grown:
            if asked.one("wait") != "0":
                self._grown.wait_for(partial(self._has_more, after), timeout=0.2)
        upto = min(after + PAGE, len(self.log))
        if self.cuts and self.cuts.pop(0) is not None:
            return CUT
        wanted = self._wanted(after, upto, asked)
        items = [{"cursor": str(at), "event": one} for at, one in wanted]
        return told({"items": items, "next_cursor": str(upto), "caught_up": upto == len(self.log)})

    def _wanted(self, after: int, upto: int, asked: Asked) -> Iterator[tuple[int, dict[str, Any]]]:
        """The events of a caller's types, each with the place behind it."""
        beginnings = [one.removesuffix("*") for one in asked.query.get("types", [""])]
        for place in range(after, upto):
            one = self.log[place]
            if any(one["type"].startswith(start) for start in beginnings):
                yield place + 1, one

    def _frames(self, after: int, asked: Asked) -> Iterator[bytes]:
        yield b"retry: 1\n\n"
        left = self.cuts.pop(0) if self.cuts else None
        while True:
            upto = len(self.log)
            for at, one in self._wanted(after, upto, asked):
                frame = f"id: {at}\nevent: {one['type']}\ndata: {json.dumps(one)}\n\n".encode()
                if left == 0:
                    # Everything but the empty line, which alone makes it an event.
                    yield frame[:-1]
                    return
                left = None if left is None else left - 1
                yield frame[:7]
                yield frame[7:]
            after = upto
            yield f":\nid: {after}\n\n".encode()
            with self._grown:
                if not self._grown.wait_for(partial(self._has_more, after), timeout=0.2):
                    return

    def _has_more(self, after: int) -> bool:
        return len(self.log) > after


def away() -> list[Reply]:
    """What a gateway that starts again says until it is there."""
    return [
        CUT,
        problem(503, "service-away", Retry_After="0"),
        problem(502, "service-garbled"),
        CUT,
    ]


def place_asked(asked: Asked) -> str:
    """The cursor that a request begins at."""
    told = {name.lower(): text for name, text in asked.headers.items()}
    return told.get("last-event-id") or asked.one("after")
