"""The feed, followed for ever: pages with a long poll, or server-sent events.

The platform delivers at least once; what was seen lately is dropped here by (`source`, `id`).
When the gateway, the connection or the token's issuer goes away, it is asked again, in growing
pauses, from the last cursor on.
"""

from __future__ import annotations

import json
import math
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from urllib3.exceptions import HTTPError

from throughline.answers import Event
from throughline.errors import ThroughlineError, Unreachable, passes
from throughline.patience import Patience
from throughline.sse import Message, Parser
from throughline.wire import Request, Wire

LATEST = "latest"
"""A cursor that means another place at each request: one page tells which, before anything else."""

PAGES, STREAM = "/v1/events", "/v1/events/stream"
LONG_POLL_SECONDS = 20
PAGE_EVENTS = 200
REMEMBERED = 10_000
"""A relay that starts again repeats what it sent last: some thousands at most."""

PIECE_BYTES = 65_536
IDLE_SECONDS = 0.5
"""Between two empty pages that came at once: a feed that drains does not wait."""

Step = tuple[str, Event | None]
"""A cursor, and the event before it; None where only the place has moved."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `forever` False: the end of what is there now is the end."""

    after: str = ""
    types: Sequence[str] = ()
    customer: str | None = None
    sse: bool = False
    forever: bool = True
    patience: Patience = field(default=Patience(math.inf, first_pause=0.2, last_pause=30.0))

    def __post_init__(self) -> None:
        if self.sse and not self.forever:
            raise ValueError("a stream of server-sent events has no end: use pages")

    @property
    def params(self) -> Mapping[str, Any]:
        return {"types": list(self.types), "customer": self.customer}


class Feed:
    """An iterator of events, of one thread.

    `cursor` is the place behind the event handed out last, or further on where nothing was for
    us: save it once the event is dealt with, and begin there next time.
    """

    def __init__(self, wire: Wire, wanted: Wanted) -> None:
        self.cursor = wanted.after
        self._wire = wire
        self._wanted = wanted
        self._retry: float | None = None
        """What the stream asked to wait before one comes back."""
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._events = self._follow()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        """Ends it, and its connection."""
        self._events.close()

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _follow(self) -> Generator[Event, None, None]:
        source = self._stream if self._wanted.sse else self._pages
        waiting = self._wanted.patience.waiting()
        while True:
            try:
                with closing(source()) as steps:
                    for cursor, event in steps:
                        self.cursor = cursor
                        if event is not None and self._is_new(event):
                            yield event
                        waiting = self._wanted.patience.waiting()
                if not self._wanted.forever:
                    return
                if not waiting.pause(self._retry):
                    raise Unreachable("the stream ends again and again, and nothing comes")
            except ThroughlineError as error:
                if not (passes(error) and waiting.pause(error.retry_after or self._retry)):
                    raise

    def _is_new(self, event: Event) -> bool:
        key = (event.source, event.id)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _pages(self) -> Generator[Step, None, None]:
        """Page after page; ends where all is read and nobody wants to wait."""
        wait = LONG_POLL_SECONDS if self._wanted.forever else 0
        while True:
            asked_at = time.monotonic()
            seconds = 0 if self.cursor == LATEST else wait
            page = self._page(seconds)
            yield from _steps(page)
            if page["caught_up"] and not self._wanted.forever:
                return
            idle = seconds and page["caught_up"] and not page["items"]
            if idle and time.monotonic() - asked_at < IDLE_SECONDS:
                time.sleep(IDLE_SECONDS)

    def _page(self, wait: int) -> Mapping[str, Any]:
        params = {"after": self.cursor or None, "limit": PAGE_EVENTS, "wait": wait}
        request = Request("GET", PAGES, {**self._wanted.params, **params})
        page: Mapping[str, Any] = self._wire.once(request).data
        return page

    def _stream(self) -> Generator[Step, None, None]:
        """One connection; ends when the platform ends it, which it does now and then."""
        if self.cursor == LATEST:
            yield from _steps(self._page(0))
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self.cursor:
            headers["Last-Event-ID"] = self.cursor
        response = self._wire.open(
            Request("GET", STREAM, self._wanted.params, headers), stream=True
        )
        parser = Parser(self.cursor)
        try:
            while piece := response.read1(PIECE_BYTES):
                for message in parser.feed(piece):
                    yield message.id, _event(message)
                self._retry = parser.retry_seconds
        except HTTPError as error:
            raise Unreachable(f"the stream broke off: {error}") from error
        finally:
            response.close()


def _steps(page: Mapping[str, Any]) -> Iterator[Step]:
    for item in page["items"]:
        yield item["cursor"], Event.of(item["cursor"], item["event"])
    yield page["next_cursor"], None


def _event(message: Message) -> Event | None:
    return None if message.data is None else Event.of(message.id, json.loads(message.data))
