"""Pools: who sells, who holds which lead; accept and return."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Flag, Id, ListOf, Money, Nested, OneOf, Scope, Time
from events.contracts.sales import MAX_SELLERS
from events.http import Page, PageParams, Routes, Sorted, answer_change, answer_either, views
from events.http.documents import found, listed
from events.http.guard import scope_or_own
from events.http.masking import personal
from events.http.paging import MAX_TIME_MS
from events.types import new_id
from services.sales.domain.pool import POOL, AcceptLead, ReturnLead, SetSellerCapacity
from services.sales.views.assignments import FILTERS, LIVE, SORTS

pools = Routes("pools", "/v1/pools", description="Who gets the next lead")
assignments = Routes("assignments", "/v1/assignments", description="Who has which lead")


class SellerBody(Schema):
    """What a seller of the pool takes on. What is not said takes its default."""

    seller_id = Id()
    weight = Count(required=False, least=1, most=1000, description="share of the leads, default 1")
    max_open = Count(required=False, most=10_000, description="unanswered leads, default 10")
    on_duty = Flag(required=False, description="default true")
    lines = ListOf(Code(), required=False, description="product lines; empty: all of them")
    scope = Scope(required=False)


class AcceptBody(Schema):
    """Who takes the lead."""

    seller_id = Id()


class ReturnBody(Schema):
    """Who gives the lead back, and why."""

    seller_id = Id()
    reason = Code()


class SellerAnswer(Schema):
    """A seller of the pool, with the leads that he holds."""

    seller_id = Id()
    weight = Count()
    max_open = Count()
    on_duty = Flag()
    lines = ListOf(Code())
    open = Count(description="assigned to him and not answered yet")
    accepted = Count(description="accepted, and their opportunities are open")


class PoolAnswer(Schema):
    """A pool and how full everybody's hands are."""

    id = Id()
    sellers = ListOf(Nested(SellerAnswer), longest=MAX_SELLERS)
    waiting = Count(description="leads that nobody can take now")
    round = Count(description="draws so far")
    scope = Scope(required=False)
    version = Count()


class LastReturn(Schema):
    """Who gave the lead back last, and why."""

    seller_id = Id()
    reason = Code()


class AssignmentAnswer(Schema):
    """A lead in a pool."""

    id = fields.String(required=True)
    lead_id = Id()
    pool_id = Id()
    customer_id = Id()
    status = OneOf(*LIVE, "released")
    since = Time(description="when it came into this status")
    seller_id = Id(required=False)
    opportunity_id = Id(required=False)
    product_line = Code()
    need = fields.String(metadata=personal())
    amount = Money(required=False)
    round = Count(required=False, description="the draw that dealt it")
    returns = Count(required=False)
    last_return = Nested(LastReturn, required=False)
    version = Count(description="of the pool")


class AssignmentParams(PageParams):
    """Which leads."""

    seller_id = Id(required=False)
    status = OneOf(*LIVE, "released", required=False)
    lead_id = Id(required=False)
    pool_id = Id(required=False)
    customer_id = Id(required=False)
    sort = Sorted(*SORTS, default="-since")


@pools.either("/<id:pool_id>/sellers", SellerBody, right="pool.manage")
def set_seller_capacity(pool_id: str, body: dict[str, Any]) -> Response:
    """Let a seller into the pool, or change what he takes on; waiting leads are dealt at once."""
    given = dict(body)
    if "lines" in given:
        given["lines"] = tuple(given["lines"])
    given["scope"] = scope_or_own(given.get("scope"))
    return answer_either(
        POOL, pool_id, lambda origin: SetSellerCapacity(at=origin.occurred_at, **given)
    )


@pools.command("/<id:pool_id>/leads/<id:lead_id>/accept", AcceptBody, right="lead.answer")
def accept_lead(pool_id: str, lead_id: str, body: dict[str, Any]) -> Response:
    """Accept a lead: its opportunity is opened with what is known of the lead.

    The opportunity's id is minted here and stands in the assignment from now on.
    """
    opportunity_id = new_id()
    return answer_change(
        POOL,
        pool_id,
        lambda origin: AcceptLead(lead_id, body["seller_id"], opportunity_id, origin.occurred_at),
    )


@pools.command("/<id:pool_id>/leads/<id:lead_id>/return", ReturnBody, right="lead.answer")
def return_lead(pool_id: str, lead_id: str, body: dict[str, Any]) -> Response:
    """Give a lead back: it is dealt again, if possible to somebody else."""
    return answer_change(
        POOL, pool_id, lambda origin: ReturnLead(lead_id, at=origin.occurred_at, **body)
    )


@pools.query("/<id:pool_id>", PoolAnswer, tagged=True, right="pool.read")
def get_pool(pool_id: str) -> dict[str, Any]:
    """A pool, its sellers, and how many leads each holds."""
    pool = found("pools", pool_id, PoolAnswer, "pool")
    held = _held(pool_id)
    sellers = [
        {
            **one,
            "open": held["assigned", one["seller_id"]],
            "accepted": held["accepted", one["seller_id"]],
        }
        for one in pool.get("sellers", ())
    ]
    return {"round": 0, **pool, "sellers": sellers, "waiting": held["waiting", None]}


def _held(pool_id: str) -> Counter[tuple[str, str | None]]:
    """Live leads by (status, seller), counted in the index `pool_counts` alone."""
    groups = (
        views()
        .collection("assignments")
        .aggregate(
            [
                {"$match": {"pool_id": pool_id, "status": {"$in": LIVE}}},
                {
                    "$group": {
                        "_id": {"status": "$status", "seller_id": "$seller_id"},
                        "n": {"$sum": 1},
                    }
                },
            ],
            maxTimeMS=MAX_TIME_MS,
        )
    )
    return Counter(
        {(one["_id"]["status"], one["_id"].get("seller_id")): one["n"] for one in groups}
    )


@assignments.query("", AssignmentAnswer, AssignmentParams, many=True, right="assignment.read")
def list_assignments(params: dict[str, Any]) -> Page:
    """List the leads that pools dealt or hold back."""
    return listed("assignments", AssignmentAnswer, params, FILTERS, SORTS)
