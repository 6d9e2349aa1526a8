"""Cases: open, prioritize, respond, resolve, reopen, close, look up, list."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import Schema

from events.contracts.fields import Code, Count, Id, ListOf, OneOf, Scope, Text
from events.contracts.service import PRIORITIES
from events.deciding import Origin
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_create, views
from events.http.documents import found, listed
from events.http.guard import scope_or_own
from events.mongodb import MAX_TIME_MS
from events.types import CustomerId, new_id
from services.service.api.case_answers import CaseAnswer
from services.service.domain.case import CASE
from services.service.domain.case_commands import (
    CloseCase,
    OpenCase,
    PrioritizeCase,
    ReopenCase,
    ResolveCase,
    SendFirstResponse,
)
from services.service.domain.process import CURRENT_VERSION, process
from services.service.views.cases import FILTERS, SORTS, STATUSES

cases = Routes("cases", "/v1/cases", description="What must be done for customers")

KINDS = tuple(process(CURRENT_VERSION).hours)


class OpenCaseBody(Schema):
    """What must be done; the customer's tier may raise the priority asked for."""

    customer_id = Id()
    kind = OneOf(*KINDS)
    subject = Text(pii=True, shortest=1, longest=200)
    priority = OneOf(*PRIORITIES, required=False, description="normal unless told otherwise")
    interaction_id = Id(required=False)
    order_id = Id(required=False)
    scope = Scope(required=False)


class PrioritizeCaseBody(Schema):
    """How pressing the case is, whatever the tier says."""

    priority = OneOf(*PRIORITIES)
    cause = Code()
    cause_event_ids = ListOf(Id(), required=False, description="events that led to it")


class ResolveCaseBody(Schema):
    """What it was and what was done."""

    cause_code = Code()
    resolution = Text(pii=True, shortest=1)
    contacts = Count(
        required=False, most=10_000, description="contacts that it took, 1 unless told otherwise"
    )


class ReopenCaseBody(Schema):
    """Why the solution did not hold."""

    reason = Code()


class CaseParams(PageParams):
    """Which cases."""

    status = OneOf(*STATUSES, required=False)
    priority = OneOf(*PRIORITIES, required=False)
    kind = Code(required=False)
    customer_id = Id(required=False)
    owner = Id(required=False)
    sort = Sorted(*SORTS, default="-opened_at")


@cases.create("", OpenCaseBody, right="case.work")
def open_case(body: dict[str, Any]) -> Response:
    """Open a case.

    Its due times follow from its kind and from the priority asked for, raised by the customer's
    tier as far as service knows it.
    """
    case_id = new_id()
    scope = scope_or_own(body.pop("scope", None))

    def build(origin: Origin) -> OpenCase:
        tier = _tier_of(body["customer_id"])
        return OpenCase(case_id=case_id, at=origin.occurred_at, tier=tier, scope=scope, **body)

    return answer_create(CASE, case_id, build)


def _tier_of(customer_id: CustomerId) -> str | None:
    """From service's own view; a tier that arrives meanwhile is followed by the reaction."""
    customer = (
        views()
        .unscoped("how pressing a case is does not hang on who opens it")
        .collection("customers")
        .find_one({"_id": customer_id}, ["tier"], max_time_ms=MAX_TIME_MS)
    )
    return customer.get("tier") if customer else None


@cases.command("/<id:case_id>/prioritize", PrioritizeCaseBody, right="case.work")
def prioritize_case(case_id: str, body: dict[str, Any]) -> Response:
    """Prioritize a case: its due times move."""
    return answer_change(
        CASE,
        case_id,
        lambda origin: PrioritizeCase(case_id=case_id, at=origin.occurred_at, **body),
    )


@cases.command("/<id:case_id>/respond", right="case.work")
def respond_to_case(case_id: str) -> Response:
    """Record the first response to a case: the customer has heard from us."""
    return answer_change(
        CASE, case_id, lambda origin: SendFirstResponse(case_id=case_id, at=origin.occurred_at)
    )


@cases.command("/<id:case_id>/resolve", ResolveCaseBody, right="case.work")
def resolve_case(case_id: str, body: dict[str, Any]) -> Response:
    """Resolve a case: the work is done."""
    return answer_change(
        CASE,
        case_id,
        lambda origin: ResolveCase(case_id=case_id, at=origin.occurred_at, **body),
    )


@cases.command("/<id:case_id>/reopen", ReopenCaseBody, right="case.work")
def reopen_case(case_id: str, body: dict[str, Any]) -> Response:
    """Reopen a case: the solution did not hold."""
    return answer_change(
        CASE,
        case_id,
        lambda origin: ReopenCase(case_id=case_id, at=origin.occurred_at, reason=body["reason"]),
    )


@cases.command("/<id:case_id>/close", right="case.work")
def close_case(case_id: str) -> Response:
    """Close a resolved case."""
    return answer_change(
        CASE, case_id, lambda origin: CloseCase(case_id=case_id, at=origin.occurred_at)
    )


@cases.query("", CaseAnswer, CaseParams, many=True, right="case.read")
def list_cases(params: dict[str, Any]) -> Page:
    """List cases."""
    return listed("cases", CaseAnswer, params, FILTERS, SORTS)


@cases.query("/<id:case_id>", CaseAnswer, tagged=True, right="case.read")
def get_case(case_id: str) -> dict[str, Any]:
    """Look up a case."""
    return found("cases", case_id, CaseAnswer, "case")
