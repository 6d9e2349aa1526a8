"""`GET /v1/customers/{id}`: what each service knows of a customer, side by side.

The parts are fetched at the same time, each has the same short time, and one that does not come
is named instead of failing the whole. The gateway adds nothing of its own and merges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Literal

from gateway.documents import document
from gateway.problems import Refusal
from gateway.timeouts import Timeouts
from gateway.upstreams import RETRY_AFTER, Answer, Outgoing, Upstream

Status = Literal["current", "stale", "missing", "unavailable"]

PART_LIMIT = 1024 * 1024
"""Bytes of one part. A summary is small; a larger answer is a fault of the service."""

PASSED_ON = frozenset(
    {
        "Authorization",
        "Consistency-Token",
        "Prefer",
        "Traceparent",
        "Tracestate",
        "User-Agent",
        "X-Actor",
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


@dataclass(frozen=True, slots=True)
class Part:
    """One service's part: its document as it came, and how far it can be trusted."""

    status: Status
    data: Any = None


UNAVAILABLE = Part("unavailable")
MISSING = Part("missing")


class BadQuestion(Exception):
    """A service found fault with the request itself (400 or 422): all would."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail", ""))
        self.problem = problem


class Customers:
    """Composes a customer from all services. Thread-safe; made after fork."""

    def __init__(self, upstreams: Mapping[str, Upstream], timeouts: Timeouts) -> None:
        self._upstreams = upstreams
        self._timeouts = timeouts
        # As many as all slots together: no part ever waits for a thread that a dead service holds.
        self._pool = ThreadPoolExecutor(
            sum(upstream.slots for upstream in upstreams.values()), "part"
        )

    def parts(self, customer: str, headers: Mapping[str, str]) -> dict[str, Part]:
        """Asks every service; `customer` is the path segment as it came (still encoded).

        Raises BadQuestion. Takes at most the part timeout and the wait that Prefer asks for.
        """
        timeout = self._timeouts.part_answer(headers.get("Prefer", ""))
        passed = {name: value for name, value in headers.items() if name in PASSED_ON}
        asked = {
            name: self._pool.submit(
                self._part,
                upstream,
                Outgoing("GET", f"/v1/customers/{customer}/summary", passed, timeout),
            )
            for name, upstream in self._upstreams.items()
        }
        wait(asked.values(), timeout + HAND_OVER_SECONDS)
        return {name: _outcome(future) for name, future in asked.items()}

    def _part(self, upstream: Upstream, request: Outgoing) -> Part:
        try:
            answer = upstream.send(request)
            try:
                return _judge(answer)
            finally:
                answer.close()
        except (Refusal, ValueError):
            return UNAVAILABLE

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _outcome(future: Future[Part]) -> Part:
    if not future.done():
        future.cancel()
        return UNAVAILABLE
    return future.result()


def _judge(answer: Answer) -> Part:
    if answer.status == 404:
        return MISSING
    if answer.status in (400, 422):
        raise BadQuestion(document(answer, PART_LIMIT))
    if answer.status != 200:
        return UNAVAILABLE
    stale = answer.headers.get("Consistency", "") == "stale"
    return Part("stale" if stale else "current", document(answer, PART_LIMIT))


def verdict(parts: Mapping[str, Part]) -> int:
    """200 when a part came, 404 when all services answered and none knows the customer, else 503.

    Between "missing" and "unavailable" only 503 is honest: the part that did not come may exist.
    """
    found = {part.status for part in parts.values()}
    if found & {"current", "stale"}:
        return 200
    return 404 if found == {"missing"} else 503


def not_composed(customer: str, parts: Mapping[str, Part]) -> Refusal:
    """The refusal for a verdict other than 200, with every part's state."""
    states = {name: {"status": part.status} for name, part in parts.items()}
    if verdict(parts) == 404:
        return Refusal(404, "not-found", f"no service knows the customer {customer}", parts=states)
    detail = "too few services answered to tell whether the customer exists"
    return Refusal(503, "parts-unavailable", detail, RETRY_AFTER, parts=states)
