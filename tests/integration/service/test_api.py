"""Service over HTTP, alone on a real MongoDB: what is done, what is refused, what is read."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.base import Fact
from events.types import new_id
from services.service.api.addresses import KEY_VARIABLE
from services.service.api.case_answers import CaseAnswer
from services.service.api.customers import CustomerSummary
from tests.happened import about, happened
from tests.house import House
from tests.unit.http.depot import is_problem
from tests.unit.service.test_views import known_to_marketing

pytestmark = pytest.mark.integration

CALL = {"channel": "voice", "direction": "inbound"}
NUMBER = {"kind": "phone", "value": "+44 20 7946 0000"}
SOLVED = {"cause_code": "worn_part", "resolution": "New bearings."}


def fault(**changes: Any) -> dict[str, Any]:
    return {"customer_id": new_id(), "kind": "fault", "subject": "It is loud", **changes}


def opened(house: House, **changes: Any) -> str:
    """The path of a new case."""
    answer = house.post("/v1/cases", fault(**changes))
    assert answer.status_code == 201, answer.json
    return str(answer.headers["Location"])


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in is_problem(answer, 422, "invalid")["errors"]]


def data_of(house: House, stream: str) -> list[dict[str, Any]]:
    return [
        event["data"]
        for commit in house.commits()
        for event in commit["events"]
        if commit["stream"] == stream
    ]


# --- cases


def test_a_case_goes_all_its_way(house: House) -> None:
    case = opened(house, interaction_id="i-1", order_id="o-1", scope={"org_unit": "north"})
    assert house.get(case).headers["ETag"] == '"1"'

    for version, (step, body, status) in enumerate(
        [
            ("prioritize", {"priority": "high", "cause": "safety"}, "open"),
            ("respond", None, "open"),
            ("resolve", {**SOLVED, "contacts": 2}, "resolved"),
            ("reopen", {"reason": "still_broken"}, "open"),
            ("resolve", SOLVED, "resolved"),
            ("close", None, "closed"),
        ],
        start=1,
    ):
        answer = house.post(f"{case}/{step}", body, If_Match=f'"{version}"')
        assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{version + 1}"'), step
        assert house.get(case).json["status"] == status

    shown = house.get(case).json
    required = {name for name, field in CaseAnswer().fields.items() if field.required}
    assert required <= set(shown) <= set(CaseAnswer().fields)
    assert (shown["priority"], shown["priority_cause"]) == ("high", "safety")
    assert (shown["interaction_id"], shown["order_id"], shown["org_unit"]) == (
        "i-1",
        "o-1",
        "north",
    )
    assert (shown["reopenings"], shown["contacts"]) == (1, 1)


def test_a_case_without_a_known_tier_has_the_priority_asked_for(house: House) -> None:
    shown = house.get(opened(house, priority="low")).json
    assert (shown["priority"], shown["asked_priority"]) == ("low", "low")
    assert "tier" not in shown


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "riddle"}, "/kind"),
        ({"priority": "asap"}, "/priority"),
        ({"subject": ""}, "/subject"),
        ({"customer_id": {"$ne": None}}, "/customer_id"),
        ({"tier": "vip"}, "/tier"),
    ],
)
def test_a_wrong_case_names_the_field_and_changes_nothing(
    house: House, changes: dict[str, Any], pointer: str
) -> None:
    before = len(house.commits())
    assert pointers(house.post("/v1/cases", fault(**changes))) == [pointer]
    assert len(house.commits()) == before


@pytest.mark.parametrize(
    ("step", "body", "pointer"),
    [
        ("prioritize", {"priority": "asap", "cause": "safety"}, "/priority"),
        ("resolve", {"cause_code": "worn_part"}, "/resolution"),
        ("resolve", {**SOLVED, "contacts": -1}, "/contacts"),
        ("reopen", {}, "/reason"),
        ("respond", {"at": "2026-01-31T12:00:00Z"}, "/at"),
    ],
)
def test_a_wrong_step_names_the_field(
    house: House, step: str, body: dict[str, Any], pointer: str
) -> None:
    assert pointers(house.change(f"{opened(house)}/{step}", body)) == [pointer]


def test_steps_out_of_order_break_rules_with_names(house: House) -> None:
    case = opened(house)
    is_problem(house.change(f"{case}/close"), 409, "case-not-resolved")
    is_problem(house.change(f"{case}/reopen", {"reason": "still_broken"}), 409, "already-open")
    house.change(f"{case}/respond")
    is_problem(house.change(f"{case}/respond"), 409, "already-responded")
    house.change(f"{case}/resolve", SOLVED)
    is_problem(house.change(f"{case}/resolve", SOLVED), 409, "already-resolved")


def test_a_step_keeps_to_the_version_that_was_seen(house: House) -> None:
    case = opened(house)
    is_problem(house.post(f"{case}/respond"), 428, "precondition-required")
    stale = house.post(f"{case}/respond", If_Match='"7"')
    is_problem(stale, 412, "precondition-failed")
    assert stale.headers["ETag"] == '"1"'


def test_a_case_that_is_not_there_is_not_found(house: House) -> None:
    case = f"/v1/cases/{new_id()}"
    is_problem(house.get(case), 404, "not-found")
    is_problem(house.change(f"{case}/respond"), 404, "not-found")


def test_a_repeated_request_opens_one_case(house: House) -> None:
    body, before = fault(), len(house.commits())
    answers = [house.post("/v1/cases", body, Idempotency_Key="loud") for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(house.commits()) == before + 1
    is_problem(
        house.post("/v1/cases", fault(), Idempotency_Key="loud"), 422, "idempotency-key-reused"
    )


# --- interactions


def test_a_contact_with_a_known_customer_begins_and_ends(house: House) -> None:
    ada = new_id()
    answer = house.post("/v1/interactions", {**CALL, "customer_id": ada})
    call = answer.headers["Location"]

    ended = house.post(f"{call}/end", {"disposition": "answered"}, If_Match='"1"')

    assert ended.status_code == 200
    found = house.get(call)
    assert found.headers["ETag"] == '"2"'
    assert (found.json["customer_id"], found.json["provisional"]) == (ada, False)
    assert (found.json["status"], found.json["disposition"]) == ("ended", "answered")
    is_problem(house.change(f"{call}/end", {"disposition": "answered"}), 409, "already-ended")


def test_an_unknown_caller_gets_a_provisional_customer(house: House) -> None:
    answer = house.post("/v1/interactions", {**CALL, "contact_point": NUMBER})

    shown = house.get(answer.headers["Location"]).json
    assert shown["provisional"] is True
    summary = house.get(f"/v1/customers/{shown['customer_id']}/summary").json
    assert (summary["provisional"], summary["contacts"]) == (True, 1)
    _, identified = data_of(house, answer.json["stream"])
    assert identified["contact_point"] == NUMBER


def test_a_caller_who_withholds_his_number_is_a_customer_too(house: House) -> None:
    answer = house.post("/v1/interactions", CALL)
    assert house.get(answer.headers["Location"]).json["provisional"] is True


def test_an_address_is_kept_as_a_keyed_hash(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_of(value: str, **changes: Any) -> Any:
        point = {"kind": "phone", "value": value, **changes}
        body = {**CALL, "customer_id": "c-1", "contact_point": point}
        (data,) = data_of(house, house.post("/v1/interactions", body).json["stream"])
        assert value not in str(data)
        return data.get("address_hash")

    assert hash_of("+44 20 7946 0000") is None
    monkeypatch.setenv(KEY_VARIABLE, "one")
    first = hash_of("+44 20 7946 0000")
    assert first == hash_of("+44 (20) 79460000")
    assert first != hash_of("+44 20 7946 0001")
    assert first != hash_of("+44 20 7946 0000", kind="fax")
    monkeypatch.setenv(KEY_VARIABLE, "other")
    assert first != hash_of("+44 20 7946 0000")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"channel": "pigeon"}, "/channel"),
        ({"contact_point": {"kind": "phone"}}, "/contact_point/value"),
        ({"provisional_id": "c-1"}, "/provisional_id"),
    ],
)
def test_a_wrong_contact_names_the_field(
    house: House, changes: dict[str, Any], pointer: str
) -> None:
    assert pointers(house.post("/v1/interactions", {**CALL, **changes})) == [pointer]


def test_an_interaction_that_is_not_there_is_not_found(house: House) -> None:
    call = f"/v1/interactions/{new_id()}"
    is_problem(house.get(call), 404, "not-found")
    is_problem(house.change(f"{call}/end", {"disposition": "answered"}), 404, "not-found")


# --- customers


def test_a_summary_tells_the_contacts_and_the_cases_due_first(house: House) -> None:
    ada = new_id()
    house.post("/v1/interactions", {**CALL, "customer_id": ada})
    paths = [opened(house, customer_id=ada) for _ in range(6)]
    urgent = opened(house, customer_id=ada, priority="urgent")
    house.change(f"{paths[0]}/resolve", SOLVED)
    events = known_to_marketing()
    house.hear(
        *happened(ada, *(about(Fact(one.type, one.data), customer_id=ada) for one in events))
    )

    summary = house.get(f"/v1/customers/{ada}/summary").json

    assert set(summary) <= set(CustomerSummary().fields)
    assert (summary["name"], summary["provisional"]) == ("Ada King", False)
    assert summary["cases"] == {"open": 6, "opened": 7, "reopened": 0, "breached": 0}
    assert summary["last_contact"]["channel"] == "voice"
    assert [f"/v1/cases/{case['id']}" for case in summary["open_cases"]] == [urgent, *paths[1:5]]


def test_of_a_customer_nobody_told_of_there_is_no_summary(house: House) -> None:
    is_problem(house.get(f"/v1/customers/{new_id()}/summary"), 404, "not-found")


def test_the_time_in_each_state_is_told_from_the_stream(house: House) -> None:
    case = opened(house)
    house.change(f"{case}/respond")
    stream = f"case-{case.rpartition('/')[2]}"
    items = house.get(f"/v1/streams/{stream}/states").json["items"]
    assert [item["type"].split(".")[3] for item in items] == ["opened", "first_response_sent"]
    assert items[0]["seconds_until_next"] >= 0
    assert items[1]["seconds_until_next"] is None
