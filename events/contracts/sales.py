"""The events of the sales context: who works a lead, what is negotiated, what was ordered.

A pool deals leads to sellers so that anyone can check the draw from the log alone. Every event
about one customer carries `customer_id`; events that end something carry the sums that readers
need, so that no reader has to look anything up.
"""

from __future__ import annotations

from marshmallow import RAISE, Schema

from events.contracts.base import Contract, contract
from events.contracts.fields import (
    Code,
    Count,
    Decision,
    Facts,
    Flag,
    Id,
    ListOf,
    Money,
    Nested,
    OneOf,
    Scope,
    Text,
    Time,
)

MAX_SELLERS = 100
"""Sellers in one pool: every draw lists all candidates, and an event has a size cap."""

MAX_LINES = 200
"""Lines of one order: with a configuration each they stay below the size cap of an event."""

MAX_QUANTITY = 1_000_000
"""Pieces in one line: keeps price times quantity exact in 28-digit decimals."""

ASSIGNMENT_METHODS = ("smooth_weighted_round_robin",)
ORDER_KINDS = ("sale", "lease", "service")


class Candidate(Schema):
    """One seller who could have been drawn, as he stood before the draw."""

    class Meta:
        unknown = RAISE

    seller_id = Id()
    weight = Count(least=1)
    open = Count(description="leads assigned to him, neither accepted nor returned yet")
    credit = Count(least=-(10**12), description="what earlier draws left him, before this one")


class Evidence(Schema):
    """What shows that an exit criterion of a stage is met."""

    class Meta:
        unknown = RAISE

    criterion = Code()
    reference = Text(shortest=1, longest=500, description="a document, a minute, a test report")


class OrderLineSchema(Schema):
    """So many pieces of one product; the line's amount is qty x price - discount."""

    class Meta:
        unknown = RAISE

    product_id = Id()
    qty = Count(least=1, most=MAX_QUANTITY)
    price = Money(description="of one piece")
    discount = Money(required=False, description="off the whole line")
    cost = Money(required=False, description="what one piece costs the enterprise")
    configuration = Facts(required=False, description="the chosen options of the product")
    installable = Flag(description="whether a service team has to install it")


@contract("crm.sales.pool.seller_capacity_set", version=1, aggregate="pool")
class SellerCapacitySet(Contract):
    """A seller joined the pool, or his weight, capacity, duty or product lines changed."""

    seller_id = Id()
    weight = Count(least=1, most=1000, description="share of the leads relative to the others")
    max_open = Count(most=10_000, description="unanswered leads he may hold at a time")
    on_duty = Flag()
    lines = ListOf(Code(), description="product lines he serves; empty: all of them")
    scope = Scope()


@contract("crm.sales.pool.lead_queued", version=1, aggregate="pool")
class LeadQueued(Contract):
    """Nobody can take the lead now: it waits. A returned one goes to the head of the queue."""

    lead_id = Id()
    customer_id = Id()
    product_line = Code()
    need = Text(required=False, pii=True)
    amount = Money(required=False)
    scope = Scope()
    decision = Decision()


@contract("crm.sales.pool.lead_assigned", version=1, aggregate="pool")
class LeadAssigned(Contract):
    """A draw gave the lead to one seller.

    For each candidate add its weight to its credit; the highest sum wins, the smallest seller id
    among equals; the winner pays the sum of the candidates' weights. Credits begin at zero.
    """

    lead_id = Id()
    customer_id = Id()
    seller_id = Id()
    method = OneOf(*ASSIGNMENT_METHODS)
    round = Count(least=1, description="number of the draw in this pool: 1, 2, 3 without holes")
    candidates = ListOf(Nested(Candidate), shortest=1, longest=MAX_SELLERS)
    product_line = Code()
    need = Text(required=False, pii=True)
    amount = Money(required=False)
    scope = Scope()
    decision = Decision()


@contract("crm.sales.pool.lead_accepted", version=1, aggregate="pool")
class LeadAccepted(Contract):
    """The assignee took the lead; the opportunity with this id is opened for it."""

    lead_id = Id()
    customer_id = Id()
    seller_id = Id()
    opportunity_id = Id()
    product_line = Code()
    need = Text(required=False, pii=True)
    amount = Money(required=False)
    scope = Scope()


@contract("crm.sales.pool.lead_returned", version=1, aggregate="pool")
class LeadReturnedToPool(Contract):
    """The assignee gave the lead back; it is dealt again, if possible to somebody else."""

    lead_id = Id()
    customer_id = Id()
    seller_id = Id()
    reason = Code()


@contract("crm.sales.pool.lead_released", version=1, aggregate="pool")
class LeadReleased(Contract):
    """The opportunity of an accepted lead closed: the pool forgets the lead."""

    lead_id = Id()
    customer_id = Id()
    seller_id = Id()
    opportunity_id = Id()


@contract("crm.sales.opportunity.opened", version=1, aggregate="opportunity")
class OpportunityOpened(Contract):
    """Somebody may buy: it starts in the first stage of its pipeline's version."""

    opportunity_id = Id()
    customer_id = Id()
    pipeline = Code()
    pipeline_version = Count(least=1)
    stage = Code()
    lead_id = Id(required=False)
    pool_id = Id(required=False, description="the pool that dealt the lead")
    amount = Money()
    expected_close = Time(required=False)
    discount_band_pct = Count(required=False, most=100, description="allowed without approval")
    scope = Scope()


@contract("crm.sales.opportunity.stage_advanced", version=1, aggregate="opportunity")
class OpportunityStageAdvanced(Contract):
    """The exit criteria of a stage were met by evidence; the next stage began."""

    class Meta(Contract.Meta):
        include = {"from": Code()}

    opportunity_id = Id()
    customer_id = Id()
    to = Code()
    evidence = ListOf(Nested(Evidence), longest=50)


@contract("crm.sales.opportunity.won", version=1, aggregate="opportunity")
class OpportunityWon(Contract):
    """The customer decided for us."""

    opportunity_id = Id()
    customer_id = Id()
    reason = Code()
    amount = Money()
    lead_id = Id(required=False)
    pool_id = Id(required=False)


@contract("crm.sales.opportunity.lost", version=1, aggregate="opportunity")
class OpportunityLost(Contract):
    """The customer decided against us, in any stage."""

    opportunity_id = Id()
    customer_id = Id()
    reason = Code()
    competitor_id = Id(required=False)
    stage = Code()
    amount = Money()
    lead_id = Id(required=False)
    pool_id = Id(required=False)


@contract("crm.sales.order.placed", version=1, aggregate="order")
class OrderPlaced(Contract):
    """A customer ordered; total = sum of the lines' amounts - discount, in one currency."""

    order_id = Id()
    customer_id = Id()
    kind = OneOf(*ORDER_KINDS)
    lines = ListOf(Nested(OrderLineSchema), shortest=1, longest=MAX_LINES)
    discount = Money(required=False, description="off the whole order")
    total = Money()
    channel = Code()
    member_no = Text(required=False, pii=True, shortest=1, longest=60)
    partner_id = Id(required=False)
    campaign_id = Id(required=False)
    opportunity_id = Id(required=False)
    scope = Scope()


@contract("crm.sales.order.completed", version=1, aggregate="order")
class OrderCompleted(Contract):
    """The whole transaction is done; from here on it counts as a purchase."""

    order_id = Id()
    customer_id = Id()
    total = Money()
    quantity = Count(least=1, description="pieces of all lines")
    cost = Money(required=False, description="of all pieces; absent unless each line names it")


@contract("crm.sales.order.cancelled", version=1, aggregate="order")
class OrderCancelled(Contract):
    """The order will not be carried out."""

    order_id = Id()
    customer_id = Id()
    reason = Code()
