"""One question to all services at the same time: what every composed answer is made of.

Each service has the same short time, and one that does not come is told as such instead of
failing the whole. What an answer means is for whoever asks: customers.py, timelines.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import orjson

from events.access.caller import Caller
from gateway.problems import Refusal
from gateway.timeouts import Timeouts
from gateway.upstreams import Answer, Outgoing, Upstream

PASSED_ON = frozenset(
    {
        "Consistency-Token",
        "Prefer",
        "Traceparent",
        "Tracestate",
        "User-Agent",
        "X-Correlation-Id",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
    }
)
"""What of the question's head concerns the parts. Conditions, ranges and encodings speak of the
composed answer, which is another document."""

HAND_OVER_SECONDS = 0.1
"""On top of the parts' own time, so that a late part is told by its own timeout."""

Found = TypeVar("Found")


class BadQuestion(Exception):
    """A service found fault with the request itself (400 or 422): all would."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail", ""))
        self.status = status
        self.problem = problem


class TooLarge(ValueError):
    """An answer is larger than whoever asked wants to hold."""


class Parts:
    """Asks all services side by side. Thread-safe; made after fork."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        timeouts: Timeouts,
        authorization: Callable[[Caller, str], str],
    ) -> None:
        self._upstreams = upstreams
        self._authorization = authorization
        self._timeouts = timeouts
        # As many as all slots together: no part ever waits for a thread that a dead service holds.
        self._pool = ThreadPoolExecutor(
            sum(upstream.slots for upstream in upstreams.values()), "part"
        )

    def ask(
        self,
        target: str,
        caller: Caller,
        headers: Mapping[str, str],
        judge: Callable[[Answer], Found],
        unavailable: Found,
    ) -> dict[str, Found]:
        """GETs `target` of every service as the caller; `judge` says what an answer is.

        `unavailable` stands for a service that does not come, and for an answer of which `judge`
        raises ValueError. Raises BadQuestion when `judge` does. Takes at most the part timeout
        and the time that the services wait for a consistency token.
        """
        timeout = self._timeouts.part_answer(
            headers.get("Prefer", ""), has_token="Consistency-Token" in headers
        )
        passed = {name: value for name, value in headers.items() if name in PASSED_ON}
        asked = {}
        for name, upstream in self._upstreams.items():
            signed = {**passed, "Authorization": self._authorization(caller, name)}
            request = Outgoing("GET", target, signed, timeout)
            asked[name] = self._pool.submit(_part, upstream, request, judge, unavailable)
        wait(asked.values(), timeout + HAND_OVER_SECONDS)
        return {name: _outcome(future, unavailable) for name, future in asked.items()}


def _part(
    upstream: Upstream, request: Outgoing, judge: Callable[[Answer], Found], unavailable: Found
) -> Found:
    try:
        answer = upstream.send(request)
        try:
            return judge(answer)
        finally:
            answer.close()
    except (Refusal, ValueError):
        return unavailable


def _outcome(future: Future[Found], unavailable: Found) -> Found:
    if not future.done():
        future.cancel()
        return unavailable
    return future.result()


def check_question(answer: Answer, limit: int) -> None:
    """Raises BadQuestion for an answer that finds fault with the question."""
    if answer.status in (400, 422):
        raise BadQuestion(answer.status, document(answer, limit))


def document(answer: Answer, limit: int) -> dict[str, Any]:
    """The JSON object of an answer; TooLarge above `limit` bytes, ValueError when it is none."""
    content = bytearray()
    for piece in answer.pieces():
        content += piece
        if len(content) > limit:
            raise TooLarge("the part is too large")
    found = orjson.loads(content)
    if not isinstance(found, dict):
        raise ValueError("the part is no JSON object")
    return found
