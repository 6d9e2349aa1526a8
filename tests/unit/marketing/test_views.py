"""Marketing's views: what the documents say, in whichever order the streams arrive."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from events.contracts.analytics import CustomerTierChanged
from events.contracts.base import fact
from events.contracts.service import InteractionStarted, UnknownPartyIdentified
from events.deciding import Scope
from events.envelope import Event
from services.marketing.views.customers import customers
from services.marketing.views.leads import leads
from tests.happened import MINUTE, NOON, about, happened, mixed, shown_by
from tests.unit.marketing import mothers
from tests.unit.marketing.mothers import ADA, LEAD_ID, NORTH, SOUTH, change

OTHER_LEAD = "01934f7e-8a00-7000-8000-00000000001f"


def tier_changed(*tiers: str) -> list[Event]:
    return happened(
        ADA,
        *(
            fact(
                CustomerTierChanged,
                customer_id=ADA,
                to=tier,
                metrics={"frequency": 1, "monetary": {"amount": "1.00", "currency": "USD"}},
                reason_code="assessed",
                as_of="2026-01-31T12:00:00.000Z",
                decision={
                    "policy_id": "tiers",
                    "policy_version": 1,
                    "cause_event_ids": [],
                    "factors": {},
                },
            )
            for tier in tiers
        ),
    )


def called_unknown() -> list[Event]:
    return happened(
        "call-1",
        fact(
            InteractionStarted,
            interaction_id="call-1",
            customer_id=ADA,
            channel="voice",
            direction="inbound",
            scope={"org_unit": "root"},
        ),
        fact(
            UnknownPartyIdentified,
            interaction_id="call-1",
            customer_id=ADA,
            contact_point={"kind": "phone", "value": "+44 20 7946 0000"},
        ),
    )


def lead(id: str, *, later: int = 0, qualified: bool = False) -> list[Event]:
    """A lead captured `later` minutes after noon."""
    facts = [mothers.captured(), *([mothers.qualified()] if qualified else [])]
    renamed = [about(one, lead_id=id) for one in facts]
    return happened(id, *renamed, start=NOON + later * MINUTE)


REGISTERED = happened(ADA, mothers.registered(), scope=NORTH)


# --- customers


def test_a_registered_customer_says_where_each_value_came_from() -> None:
    events = happened(ADA, mothers.registered(member_no="M-1"), scope=NORTH)

    ada = shown_by(customers, events)[ADA]

    assert ada["status"] == "registered"
    assert ada["registered_at"] == NOON
    assert (ada["name"], ada["roles"]) == ("Ada Lovelace", ["end_customer"])
    assert (ada["kind"], ada["source"], ada["member_no"]) == ("person", "web_form", "M-1")
    assert ada["profile"]["locale"] == {"value": "en-GB", "source": "web_form", "at": NOON}
    assert (ada["org_unit"], ada["team"], ada["version"]) == ("north", "north-1", 1)
    assert "owner" not in ada


def test_an_update_moves_the_value_and_its_provenance_and_nothing_else() -> None:
    update = mothers.updated(change("name", "Ada Lovelace", "Ada King"))

    ada = shown_by(customers, happened(ADA, mothers.registered(), update))[ADA]

    told = {"source": "phone_call", "actor": "agent-7", "at": NOON}
    assert ada["profile"]["name"] == {"value": "Ada King", **told}
    assert ada["profile"]["locale"]["source"] == "web_form"
    assert (ada["name"], ada["_by_name"], ada["version"]) == ("Ada King", "ada king", 2)


def test_a_value_that_became_unknown_is_gone() -> None:
    update = mothers.updated(change("name", "Ada Lovelace", None))

    ada = shown_by(customers, happened(ADA, mothers.registered(), update))[ADA]

    assert "name" not in ada["profile"]
    assert "name" not in ada
    assert ada["_by_name"] is None


def test_an_unknown_caller_is_a_provisional_customer_without_a_version() -> None:
    stranger = shown_by(customers, called_unknown())[ADA]

    assert stranger["status"] == "provisional"
    assert stranger["unknown_party"] == {
        "interaction_id": "call-1",
        "contact_point": {"kind": "phone", "value": "+44 20 7946 0000"},
        "at": NOON + MINUTE,
    }
    assert "version" not in stranger


def test_a_provisional_customer_who_is_registered_is_registered() -> None:
    for batches in ([called_unknown(), REGISTERED], [REGISTERED, called_unknown()]):
        ada = shown_by(customers, *batches)[ADA]
        assert (ada["status"], ada["version"]) == ("registered", 1)
        assert ada["unknown_party"]["interaction_id"] == "call-1"


def test_a_customer_of_whom_only_the_tier_is_known_is_unregistered() -> None:
    ada = shown_by(customers, tier_changed("adaptive", "vip"))[ADA]
    assert (ada["status"], ada["tier"], ada["tier_since"]) == ("unregistered", "vip", NOON + MINUTE)


def test_leads_are_counted_and_the_latest_touch_is_kept() -> None:
    early, late = lead(LEAD_ID, qualified=True), lead(OTHER_LEAD, later=60)

    ada = shown_by(customers, late, early)[ADA]

    assert ada["leads"] == {"open": 1, "captured": 2, "qualified": 1, "disqualified": 0}
    assert ada["last_touch"] == {
        "at": NOON + 60 * MINUTE,
        "touch": "fair",
        "channel": "booth",
        "lead_id": OTHER_LEAD,
    }


def test_a_disqualified_lead_is_open_no_more() -> None:
    events = happened(LEAD_ID, mothers.captured(), mothers.disqualified())
    counts = shown_by(customers, events)[ADA]["leads"]
    assert counts == {"open": 0, "captured": 1, "qualified": 0, "disqualified": 1}


STREAMS = (
    happened(
        ADA,
        mothers.registered(),
        mothers.updated(change("name", "Ada Lovelace", "Ada King")),
        scope=NORTH,
    ),
    lead(LEAD_ID, qualified=True),
    lead(OTHER_LEAD),
    called_unknown(),
    tier_changed("adaptive", "vip"),
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_mixture_of_the_streams_gives_the_same_documents(data: st.DataObject) -> None:
    batches = data.draw(mixed(*STREAMS))
    for view in (customers, leads):
        assert shown_by(view, *batches) == shown_by(view, *STREAMS)


# --- leads


def test_a_lead_shows_what_was_found_out_about_it() -> None:
    events = happened(LEAD_ID, mothers.captured(), mothers.qualified(), scope=NORTH)

    shown = shown_by(leads, events)[LEAD_ID]

    assert (shown["status"], shown["customer_id"]) == ("qualified", ADA)
    assert (shown["captured_at"], shown["qualified_at"]) == (NOON, NOON + MINUTE)
    assert shown["budget"] == {"amount": Decimal("17000.00"), "currency": "GBP"}
    assert (shown["need"], shown["product_line"]) == ("a difference engine", "engines")
    assert (shown["raw"], shown["interest"]) == ("Call me about the engine.", ["engines"])
    assert (shown["version"], shown["team"]) == (2, "north-1")


def test_a_lead_without_a_budget_has_none() -> None:
    bare = mothers.qualified(budget=None, horizon_days=None)
    shown = shown_by(leads, happened(LEAD_ID, mothers.captured(), bare))[LEAD_ID]
    assert "budget" not in shown
    assert "horizon_days" not in shown


def test_a_disqualified_lead_says_why() -> None:
    events = happened(LEAD_ID, mothers.captured(), mothers.disqualified())
    shown = shown_by(leads, events)[LEAD_ID]
    assert (shown["status"], shown["reason"]) == ("disqualified", "no_budget")
    assert shown["disqualified_at"] == NOON + MINUTE


def test_a_lead_belongs_where_its_last_event_says() -> None:
    captured = happened(LEAD_ID, mothers.captured(), mothers.qualified(), scope=NORTH)[:1]
    qualified = happened(LEAD_ID, mothers.captured(), mothers.qualified(), scope=SOUTH)[1:]

    shown = shown_by(leads, captured, qualified)[LEAD_ID]

    assert Scope(shown["org_unit"], shown.get("team"), shown.get("owner")) == SOUTH
