"""Service's views: what the documents say, in whichever order the streams arrive."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from events.contracts.analytics import CustomerTierChanged
from events.contracts.base import Fact, fact
from events.contracts.marketing import CustomerProfileUpdated, CustomerRegistered
from events.envelope import Event
from services.service.views.cases import cases
from services.service.views.customers import customers
from services.service.views.interactions import interactions
from tests.happened import MINUTE, NOON, about, happened, mixed, shown_by
from tests.unit.service import mothers
from tests.unit.service.mothers import ADA, CALL_ID, CASE_ID, NORTH, NUMBER, STRANGER, after

OTHER_CALL = "01934f7e-8a00-7000-8000-00000000000d"
UNKNOWN_CALL = "01934f7e-8a00-7000-8000-00000000000e"
OTHER_CASE = "01934f7e-8a00-7000-8000-0000000000cb"


def case(*facts: Fact, id: str = CASE_ID) -> list[Event]:
    return happened(id, *(about(one, case_id=id) for one in facts), scope=NORTH)


def call(id: str = CALL_ID, *, later: int = 0) -> list[Event]:
    facts = [about(one, interaction_id=id) for one in (mothers.started(), mothers.ended())]
    return happened(id, *facts, start=NOON + later * MINUTE)


def unknown_call(customer_id: str = STRANGER) -> list[Event]:
    whose = {"interaction_id": UNKNOWN_CALL, "customer_id": customer_id}
    facts = [mothers.started(), mothers.unknown_party(NUMBER)]
    return happened(UNKNOWN_CALL, *(about(one, **whose) for one in facts))


def known_to_marketing() -> list[Event]:
    provenance = {"source": "web", "at": "2026-01-31T12:00:00.000Z"}
    return happened(
        ADA,
        fact(
            CustomerRegistered,
            customer_id=ADA,
            kind="person",
            roles=["end_customer"],
            name="Ada Lovelace",
            contact_points=[],
            source="web",
            scope={"org_unit": "root"},
        ),
        fact(
            CustomerProfileUpdated,
            customer_id=ADA,
            changes=[
                {
                    "field": "name",
                    "old": "Ada Lovelace",
                    "new": "Ada King",
                    "provenance": provenance,
                },
                {"field": "locale", "old": None, "new": "en-GB", "provenance": provenance},
            ],
        ),
    )


def tier_changed(*tiers: str) -> list[Event]:
    usual = {
        "customer_id": ADA,
        "metrics": {"frequency": 1, "monetary": {"amount": "1.00", "currency": "USD"}},
        "reason_code": "assessed",
        "as_of": "2026-01-31T12:00:00.000Z",
        "decision": mothers.decision(),
    }
    return happened(ADA, *(fact(CustomerTierChanged, to=tier, **usual) for tier in tiers))


# --- cases


def test_an_opened_case_is_due_for_its_first_response() -> None:
    shown = shown_by(cases, case(mothers.opened(tier="adaptive")))[CASE_ID]

    assert (shown["status"], shown["kind"], shown["subject"]) == (
        "open",
        "fault",
        "The engine is loud",
    )
    assert (shown["priority"], shown["asked_priority"], shown["tier"]) == (
        "normal",
        "normal",
        "adaptive",
    )
    assert shown["opened_at"] == NOON
    assert shown["due"] == {"first_response": after(hours=4), "resolution": after(hours=72)}
    assert shown["due_at"] == after(hours=4)
    assert (shown["org_unit"], shown["team"], shown["version"]) == ("north", "desk-1", 1)


def test_after_the_response_the_resolution_is_due() -> None:
    shown = shown_by(cases, case(mothers.opened(), mothers.responded(60)))[CASE_ID]
    assert (shown["responded_at"], shown["due_at"]) == (NOON + MINUTE, after(hours=72))
    assert shown["response_late"] is False


def test_a_tier_moves_the_priority_with_its_reasons_and_not_what_was_asked() -> None:
    shown = shown_by(cases, case(mothers.opened(), mothers.raised_by_tier()))[CASE_ID]

    assert (shown["priority"], shown["asked_priority"], shown["tier"]) == (
        "urgent",
        "normal",
        "vip",
    )
    assert shown["priority_cause"] == "tier_changed"
    assert shown["decision"]["cause_event_ids"] == [mothers.CAUSE_ID]
    assert shown["due_at"] == after(hours=1)


def test_a_person_moves_the_priority_and_what_was_asked() -> None:
    shown = shown_by(cases, case(mothers.opened(), mothers.prioritized()))[CASE_ID]
    assert (shown["priority"], shown["asked_priority"]) == ("urgent", "urgent")
    assert "tier" not in shown


def test_a_priority_after_the_response_moves_the_resolution() -> None:
    facts = (mothers.opened(), mothers.responded(), mothers.prioritized())
    assert shown_by(cases, case(*facts))[CASE_ID]["due_at"] == after(hours=8)


def test_missed_times_are_listed() -> None:
    facts = (mothers.opened(), mothers.responded(late=True), mothers.breached("first_response", 60))
    shown = shown_by(cases, case(*facts))[CASE_ID]
    assert shown["breaches"] == [{"metric": "first_response", "late_by_seconds": 60}]
    assert shown["response_late"] is True


def test_a_resolved_case_says_what_it_was() -> None:
    shown = shown_by(cases, case(mothers.opened(), mothers.resolved()))[CASE_ID]
    assert (shown["status"], shown["resolved_at"]) == ("resolved", NOON + MINUTE)
    assert (shown["cause_code"], shown["resolution"]) == ("worn_part", "New bearings.")
    assert shown["contacts"] == 2
    assert shown["due_at"] == after(hours=72)


def test_a_reopened_case_is_due_again() -> None:
    facts = (mothers.opened(), mothers.resolved(), mothers.reopened())
    shown = shown_by(cases, case(*facts))[CASE_ID]
    assert (shown["status"], shown["reopenings"]) == ("open", 1)
    assert shown["reopened_because"] == "still_broken"
    assert shown["due_at"] == after(hours=4)


def test_a_closed_case_is_closed() -> None:
    facts = (mothers.opened(), mothers.resolved(), mothers.closed())
    shown = shown_by(cases, case(*facts))[CASE_ID]
    assert (shown["status"], shown["closed_at"], shown["version"]) == (
        "closed",
        NOON + 2 * MINUTE,
        3,
    )


# --- interactions


def test_an_interaction_begins_and_ends() -> None:
    shown = shown_by(interactions, call())[CALL_ID]
    assert (shown["status"], shown["disposition"]) == ("ended", "answered")
    assert (shown["started_at"], shown["ended_at"]) == (NOON, NOON + MINUTE)
    assert (shown["channel"], shown["direction"]) == ("voice", "inbound")
    assert shown["provisional"] is False


def test_an_interaction_with_somebody_unknown_says_so_and_keeps_no_address() -> None:
    (shown,) = shown_by(interactions, unknown_call()).values()
    assert (shown["provisional"], shown["customer_id"]) == (True, STRANGER)
    assert NUMBER["value"] not in str(shown)


# --- customers


def test_cases_are_counted() -> None:
    one = case(mothers.opened(), mothers.resolved(), mothers.reopened())
    other = case(mothers.opened(), mothers.breached("resolution", 9), mothers.resolved(),
                 id=OTHER_CASE)  # fmt: skip
    ada = shown_by(customers, one, other)[ADA]
    assert ada["cases"] == {"open": 1, "opened": 2, "reopened": 1, "breached": 1}


def test_the_latest_contact_is_kept_whichever_comes_last() -> None:
    ada = shown_by(customers, call(OTHER_CALL, later=60), call())[ADA]
    assert ada["contacts"] == 2
    assert ada["last_contact"] == {
        "at": NOON + 60 * MINUTE,
        "interaction_id": OTHER_CALL,
        "channel": "voice",
        "direction": "inbound",
    }


def test_of_the_profile_only_the_name_is_kept() -> None:
    ada = shown_by(customers, known_to_marketing())[ADA]
    assert (ada["name"], ada["kind"], ada["provisional"]) == ("Ada King", "person", False)
    assert "locale" not in ada


def test_the_tier_names_the_event_that_set_it() -> None:
    events = tier_changed("adaptive", "vip")
    ada = shown_by(customers, events)[ADA]
    assert (ada["tier"], ada["tier_since"]) == ("vip", NOON + MINUTE)
    assert ada["tier_event_id"] == events[-1].id


def test_a_stranger_is_provisional_until_marketing_registers_him() -> None:
    assert shown_by(customers, unknown_call())[STRANGER]["provisional"] is True
    both = shown_by(customers, unknown_call(ADA), known_to_marketing())
    assert both[ADA]["provisional"] is False


STREAMS = (
    case(mothers.opened(), mothers.raised_by_tier(), mothers.resolved(), mothers.reopened()),
    case(mothers.opened(), mothers.breached("resolution", 9), mothers.resolved(), id=OTHER_CASE),
    call(),
    call(OTHER_CALL),
    unknown_call(ADA),
    known_to_marketing(),
    tier_changed("adaptive", "vip"),
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_mixture_of_the_streams_gives_the_same_documents(data: st.DataObject) -> None:
    batches = data.draw(mixed(*STREAMS))
    for view in (cases, customers, interactions):
        assert shown_by(view, *batches) == shown_by(view, *STREAMS)
