"""A standing check that the four services tell one story: customers of whom something happened
lately are compared, and whoever differs although nobody is behind is told within a minute.

Called by the edge, on a thread of its own. It asks as an auditor would: the feed for what has
happened, then each service for its digest of the customer as of a moment that has settled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog

from events.access.caller import Caller
from events.types import format_time
from gateway.parts import Parts, check_question, document
from gateway.problems import Refusal
from gateway.sighting import Sighting
from gateway.upstreams import Answer, Outgoing, Upstream

log = structlog.get_logger("gateway.drift")

ASKER = Caller("gateway:drift", frozenset({"auditor"}))
PERIOD_SECONDS = 10.0
SETTLED_SECONDS = 5.0
"""What is younger may be under way."""

MOST_CUSTOMERS = 40
"""Compared in one round: an import touches thousands, and a sample of them tells as much."""

CERTAIN_ROUNDS = 3
MOST_PAGES = 20
LATEST = "latest"
ANSWER_LIMIT = 4 * 1024 * 1024
FEED_SECONDS = 8.0

Digests = Mapping[str, str | None]
"""By service; None for one that did not answer."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A customer whose digests differed, as of `known_at`, in so many rounds."""

    customer_id: str
    known_at: str
    digests: Digests
    rounds: int = 1


class Drift:
    """`look` tells how far behind each projector is."""

    def __init__(self, platform: Upstream, parts: Parts, look: Callable[[], Sighting],
                 sign: Callable[[Caller, str], str],
                 now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:  # fmt: skip
        self._platform = platform
        self._parts = parts
        self._look = look
        self._sign = sign
        self._now = now
        self._cursor = LATEST
        self._suspects: dict[str, Suspect] = {}
        self.compared = 0
        self.checked_at: float | None = None

    @property
    def drifting(self) -> tuple[Suspect, ...]:
        """Those who differ for certain."""
        return tuple(one for one in self._suspects.values() if one.rounds >= CERTAIN_ROUNDS)

    def start(self) -> Drift:
        threading.Thread(target=self._run, name="drift", daemon=True).start()
        return self

    def _run(self) -> None:
        while True:
            try:
                self.step()
            except Exception as error:
                log.warning("drift unchecked", reason=type(error).__name__)
            time.sleep(PERIOD_SECONDS)

    def step(self) -> None:
        """One round."""
        touched = self._touched()
        known_at = format_time(self._now() - timedelta(seconds=SETTLED_SECONDS))
        again = list(self._suspects.values())
        fresh = [one for one in touched if one not in self._suspects][:MOST_CUSTOMERS]
        behind = self._behind()
        for suspect in again:
            self._judge(suspect.customer_id, suspect.known_at, suspect, behind)
        for customer_id in fresh:
            self._judge(customer_id, known_at, None, behind)
        self.checked_at = time.monotonic()

    def _judge(
        self, customer_id: str, known_at: str, before: Suspect | None, behind: frozenset[str]
    ) -> None:
        digests = self._digests(customer_id, known_at)
        self.compared += 1
        told = {name: one for name, one in digests.items() if one}
        if len(set(told.values())) <= 1:
            self._suspects.pop(customer_id, None)
            return
        sure = {name: one for name, one in told.items() if name not in behind}
        rounds = (before.rounds if before else 0) + (len(set(sure.values())) > 1)
        self._suspects[customer_id] = Suspect(customer_id, known_at, digests, rounds)
        if rounds == CERTAIN_ROUNDS:
            log.error("timelines differ", customer_id=customer_id, services=sorted(sure))

    def _touched(self) -> list[str]:
        """Customers of whom something happened since the last round, the latest first."""
        subjects: list[str] = []
        for _ in range(MOST_PAGES):
            page = self._page()
            if page is None:
                break
            self._cursor = page["next_cursor"]
            subjects += [one["event"].get("subject") or "" for one in page["items"]]
            if page["caught_up"]:
                break
        else:
            self._pass_over()
        return [one for one in dict.fromkeys(reversed(subjects)) if one]

    def _pass_over(self) -> None:
        """An import is faster than a comparison: goes on at the log's end, as it is now."""
        self._cursor = LATEST
        page = self._page()
        if page is not None:
            self._cursor = page["next_cursor"]

    def _page(self) -> dict[str, Any] | None:
        """What follows the cursor; None while the platform does not say."""
        query = urlencode({"after": self._cursor, "limit": 200})
        headers = {"Authorization": self._sign(ASKER, self._platform.name)}
        request = Outgoing("GET", f"/v1/events?{query}", headers, FEED_SECONDS)
        try:
            answer = self._platform.send(request)
        except Refusal:
            return None
        try:
            if answer.status == 400:
                self._cursor = LATEST  # the log is another one
            return document(answer, ANSWER_LIMIT) if answer.status == 200 else None
        finally:
            answer.close()

    def _digests(self, customer_id: str, known_at: str) -> Digests:
        target = f"/v1/customers/{customer_id}/timeline/digest?{urlencode({'known_at': known_at})}"
        return self._parts.ask(target, ASKER, {}, _digest, None)

    def _behind(self) -> frozenset[str]:
        """Services that have not applied everything, or do not say so: a difference is no drift."""
        services = self._look().services
        return frozenset(name for name, seen in services.items() if seen.lag("projector") != 0)


def _digest(answer: Answer) -> str | None:
    check_question(answer, ANSWER_LIMIT)
    if answer.status != 200:
        return None
    told: dict[str, Any] = document(answer, ANSWER_LIMIT)
    return f"{told['count']}:{told['digest']}"
