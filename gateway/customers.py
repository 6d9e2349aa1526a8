"""`GET /v1/customers/{id}`: what each service knows of a customer, side by side.

A part that does not come is named as such. The gateway adds nothing of its own and merges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from events.access.caller import Caller
from gateway.parts import Parts, check_question, document
from gateway.problems import Refusal
from gateway.upstreams import RETRY_AFTER, Answer

Status = Literal["current", "stale", "missing", "unavailable"]

PART_LIMIT = 1024 * 1024
"""Bytes of one part. A summary is small; a larger answer is a fault of the service."""


@dataclass(frozen=True, slots=True)
class Part:
    """One service's part: its document as it came, and how far it can be trusted."""

    status: Status
    data: Any = None


UNAVAILABLE = Part("unavailable")
MISSING = Part("missing")


class Customers:
    """Composes a customer from all services. Thread-safe."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def parts(self, customer: str, caller: Caller, headers: Mapping[str, str]) -> dict[str, Part]:
        """Asks every service; `customer` is the path segment as it came (still encoded).

        Raises BadQuestion.
        """
        target = f"/v1/customers/{customer}/summary"
        return self._parts.ask(target, caller, headers, _judge, UNAVAILABLE)


def _judge(answer: Answer) -> Part:
    if answer.status == 404:
        return MISSING
    check_question(answer, PART_LIMIT)
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
