"""`GET /v1/customers/{id}/timeline`: the timelines that the services keep, merged into one.

Normally all services tell the same story; one may lag, be late or be away. The merged page has
every entry that any answering service knows, and says how many of them each service lacked.

The query goes to every service as it came, so all pages begin at the same cursor. The services'
cursors are a position under a fingerprint of filter and sort that is the same in all of them: the
gateway makes its own for the last entry it shows, and each side takes the other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from events.access.caller import Caller
from events.http.paging import decode_cursor, encode_cursor, fingerprint
from events.http.problem import bad_parameter
from events.http.timeline import NEWEST_FIRST, past_filter
from gateway.merging import Merged, Page, Position, merged, page_from
from gateway.parts import Parts, TooLarge, check_question, document
from gateway.problems import Refusal
from gateway.upstreams import RETRY_AFTER, Answer

Status = Literal["current", "stale", "unavailable"]

PAGE_LIMIT = 8 * 1024 * 1024
"""Bytes of one service's page. Usual entries have 1 or 2 KB: 200 of them take a twentieth of
this. All services' pages are held at once, by up to all threads; 200 entries of the largest size
(50 MB) from four services would be too much for one request, so who meets the bound asks for
fewer: leaving the service out would lose its entries."""

SURE_ENTRIES = 16
"""So many fit in any case: events of at most 256 KB, doubled by what JSON escapes. A page of no
more than these that is too large is a fault of the service, and only then it is left out."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which page of whose timeline: `after` a position, None for the first one."""

    customer_id: str
    query: str
    limit: int
    mark: str
    after: Position | None

    @classmethod
    def of(cls, customer_id: str, query: str, params: Mapping[str, Any]) -> Question:
        """`params` are those of `query`, checked; raises a 400 `Problem` naming `cursor`."""
        mark = fingerprint(past_filter(customer_id, dict(params)), NEWEST_FIRST)
        after = None if params["cursor"] is None else _position(params["cursor"], mark)
        return cls(customer_id, query, params["limit"], mark, after)

    @property
    def target(self) -> str:
        path = f"/v1/customers/{self.customer_id}/timeline"
        return f"{path}?{self.query}" if self.query else path

    def cursor(self, last: Position) -> str:
        """Where the page after one that ended with `last` begins."""
        return encode_cursor(self.mark, [last.at, last.id])


def _position(cursor: str, mark: str) -> Position:
    at, id = decode_cursor(cursor, mark, len(NEWEST_FIRST.keys))
    if not isinstance(at, datetime) or not isinstance(id, str):
        raise bad_parameter("cursor", "is malformed")
    return Position(at, id)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one service: without a page when it is unavailable."""

    status: Status
    page: Page | None = None


UNAVAILABLE = Told("unavailable")


@dataclass(frozen=True, slots=True)
class Timeline:
    """The merged page, and how each service stands to it."""

    shown: Merged
    told: Mapping[str, Told]
    next_cursor: str | None

    @property
    def current(self) -> bool:
        """One service that holds the tokens' writes is enough: what it knows is in the page."""
        return any(told.status == "current" for told in self.told.values())

    @property
    def content(self) -> dict[str, Any]:
        """`missing` is null where nobody can know it."""
        return {
            "items": [entry.document for entry in self.shown.entries],
            "next_cursor": self.next_cursor,
            "services": {
                name: {"status": told.status, "missing": self.shown.missing.get(name)}
                for name, told in self.told.items()
            },
        }


class Timelines:
    """Merges the timelines of all services. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def page(self, question: Question, caller: Caller, headers: Mapping[str, str]) -> Timeline:
        """Raises BadQuestion, a 400 `Problem`, and Refusal 503 when no service answers."""
        judge = partial(_judge, question)
        told = self._parts.ask(question.target, caller, headers, judge, UNAVAILABLE)
        pages = {name: one.page for name, one in told.items() if one.page is not None}
        if not pages:
            raise _nobody(told)
        shown = merged(pages, question.limit)
        cursor = None if shown.is_last else question.cursor(shown.entries[-1].position)
        return Timeline(shown, told, cursor)


def _judge(question: Question, answer: Answer) -> Told:
    check_question(answer, PAGE_LIMIT)
    if answer.status != 200:
        return UNAVAILABLE
    stale = answer.headers.get("Consistency", "") == "stale"
    try:
        told = document(answer, PAGE_LIMIT)
    except TooLarge:
        if question.limit > SURE_ENTRIES:
            detail = f"entries of this size do not fit into one page: ask for {SURE_ENTRIES}"
            raise bad_parameter("limit", detail) from None
        raise
    return Told("stale" if stale else "current", page_from(told, question.after))


def _nobody(told: Mapping[str, Told]) -> Refusal:
    states = {name: {"status": one.status} for name, one in told.items()}
    detail = "no service answered; each keeps the whole timeline, so one would be enough"
    return Refusal(503, "parts-unavailable", detail, RETRY_AFTER, services=states)
