"""The rules of a customer, one test each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from events.contracts.base import Fact, all_contracts
from events.contracts.marketing import ProfileSchema
from events.errors import Invalid, Rejected
from services.marketing.domain import customer
from services.marketing.domain.customer import CUSTOMER, Customer
from tests.given import given
from tests.unit.marketing.mothers import (
    ADA,
    EMAIL,
    NORTH,
    change,
    register,
    registered,
    update,
    updated,
)

PHONE = {"kind": "phone", "value": "+44 20 7946 0000"}


def test_registering_makes_the_customer_known() -> None:
    outcome = given(CUSTOMER).when(register()).then(registered())
    assert CUSTOMER.subject(outcome.state) == ADA
    assert CUSTOMER.scope(outcome.state) == NORTH


def test_a_customer_registers_once() -> None:
    given(CUSTOMER, registered()).when(register()).rejected("already-registered")


def test_a_person_may_be_known_by_a_member_number_alone() -> None:
    command = register(name=None, contact_points=(), locale=None, member_no="00042")
    expected = registered(name=None, contact_points=[], locale=None, member_no="00042")
    given(CUSTOMER).when(command).then(expected)


@pytest.mark.parametrize("name", [None, "", "  "])
def test_an_organization_needs_a_name(name: str | None) -> None:
    given(CUSTOMER).when(register(kind="organization", name=name)).rejected("name-missing")


def test_an_organization_with_a_name_registers() -> None:
    command = register(kind="organization", name="Analytical Engines", roles=("partner",))
    given(CUSTOMER).when(command).then(
        registered(kind="organization", name="Analytical Engines", roles=["partner"])
    )


def test_an_organization_keeps_a_name() -> None:
    engines = registered(kind="organization", name="Analytical Engines")
    given(CUSTOMER, engines).when(update(name=None)).rejected("name-missing")


def test_a_person_s_name_can_become_unknown() -> None:
    outcome = given(CUSTOMER, registered()).when(update(name=None))
    outcome.then(updated(change("name", "Ada Lovelace", None)))


def test_each_changed_field_says_where_its_value_comes_from() -> None:
    outcome = given(CUSTOMER, registered()).when(
        update(birth_date="1815-12-10", contact_points=[EMAIL, PHONE])
    )
    outcome.then(
        updated(
            change("birth_date", None, "1815-12-10"),
            change("contact_points", [EMAIL], [EMAIL, PHONE]),
        )
    )
    assert outcome.state.profile["birth_date"] == "1815-12-10"


def test_the_old_value_is_the_latest() -> None:
    moved = updated(change("locale", "en-GB", "fr-FR"))
    outcome = given(CUSTOMER, registered(), moved).when(update(locale="it-IT"))
    outcome.then(updated(change("locale", "fr-FR", "it-IT")))


def test_fields_that_stay_as_they_were_are_no_change() -> None:
    outcome = given(CUSTOMER, registered()).when(update(name="Ada Lovelace", locale="fr-FR"))
    outcome.then(updated(change("locale", "en-GB", "fr-FR")))


@pytest.mark.parametrize("values", [{}, {"name": "Ada Lovelace"}, {"income": None}])
def test_an_update_without_change_gives_no_facts(values: dict[str, Any]) -> None:
    given(CUSTOMER, registered()).when(update(**values)).then()


def test_nobody_updates_an_unknown_customer() -> None:
    given(CUSTOMER).when(update(name="Ada")).rejected("not-found")


FULL: dict[str, Any] = {
    "name": "Ada King",
    "birth_date": "1815-12-10",
    "family": {"status": "married", "children": 3, "household_size": 5},
    "work": {"employer": "Royal Society", "occupation": "analyst", "industry": "computing"},
    "income": {"amount": "3000.00", "currency": "GBP"},
    "address": {"lines": ["12 St James's Square"], "city": "London", "country": "GB"},
    "hobbies": ["mathematics", "horses"],
    "purchase_preference": {"categories": ["engines"], "price_band": "high", "channel": "field"},
    "locale": "en",
    "contact_points": [PHONE],
    "roles": ["end_customer", "partner"],
}


def test_every_field_of_the_profile_can_be_told() -> None:
    assert FULL.keys() == ProfileSchema().fields.keys()
    outcome = given(CUSTOMER, registered()).when(update(**FULL))
    outcome.then_types("customer.profile_updated")
    assert outcome.state.profile == FULL


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("shoe_size", 42, "/values/shoe_size"),
        ("shoe_size", None, "/values/shoe_size"),
        ("name", "", "/values/name"),
        ("name", 7, "/values/name"),
        ("birth_date", "10.12.1815", "/values/birth_date"),
        ("birth_date", "18151210", "/values/birth_date"),
        ("birth_date", "2026-02-01", "/values/birth_date"),
        ("family", {"children": -1}, "/values/family/children"),
        ("family", {"salary": 1}, "/values/family/salary"),
        ("income", {"amount": "-1", "currency": "GBP"}, "/values/income/amount"),
        ("address", {"city": "London"}, "/values/address/country"),
        ("hobbies", "horses", "/values/hobbies"),
        (
            "purchase_preference",
            {"price_band": "Very high"},
            "/values/purchase_preference/price_band",
        ),
        ("locale", "e", "/values/locale"),
        ("contact_points", [{"kind": "pigeon", "value": "x"}], "/values/contact_points/0/kind"),
        ("contact_points", None, "/values/contact_points"),
        ("roles", [], "/values/roles"),
        ("roles", None, "/values/roles"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_place(
    field: str, value: Any, pointer: str
) -> None:
    outcome = given(CUSTOMER, registered()).when(update(**{field: value})).rejected("invalid")
    assert isinstance(outcome.rejection, Invalid)
    assert [fault.pointer for fault in outcome.rejection.faults] == [pointer]


def test_a_person_born_today_is_welcome() -> None:
    given(CUSTOMER, registered()).when(update(birth_date="2026-01-31")).then_types(
        "customer.profile_updated"
    )


def test_a_blank_name_is_none() -> None:
    given(CUSTOMER, registered()).when(update(name="   ")).rejected("name-missing")


def test_a_member_number_is_claimed_without_being_told() -> None:
    [mine] = CUSTOMER.claims(registered(member_no="00042"))
    assert CUSTOMER.claims(registered(name="Another", member_no="00042")) == (mine,)
    assert CUSTOMER.claims(registered(member_no="00043")) != (mine,)
    assert "00042" not in mine


def test_without_a_member_number_nothing_is_claimed() -> None:
    assert CUSTOMER.claims(registered()) == ()
    assert CUSTOMER.claims(updated(change("locale", "en-GB", "fr-FR"))) == ()


def test_every_event_of_a_customer_is_understood() -> None:
    events = {t for t, c in all_contracts().items() if c.AGGREGATE == "customer"}
    assert events == customer._CHANGES.keys()


COMMANDS = st.one_of(
    st.builds(register, kind=st.sampled_from(["person", "organization"])),
    st.builds(
        lambda values: update(**values),
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from([None, "Ada", "Ada King", " "]),
                "locale": st.sampled_from([None, "en", "fr"]),
                "hobbies": st.lists(st.sampled_from(["chess", "horses"]), max_size=2),
                "roles": st.lists(st.sampled_from(["partner", "distributor"]), max_size=2),
            },
        ),
    ),
)


@settings(max_examples=60, deadline=None)
@for_all(commands=st.lists(COMMANDS, max_size=8))
def test_any_commands_leave_a_consistent_customer(commands: list[Any]) -> None:
    state = Customer()
    facts: list[Fact] = []
    for command in commands:
        try:
            new = CUSTOMER.decide(state, command)
        except Rejected:
            continue
        for changed in (c for one in new for c in one.data.get("changes", ())):
            assert changed["old"] != changed["new"]
            assert changed["old"] == state.profile.get(changed["field"])
        facts += new
        state = CUSTOMER.fold(new, state)
        assert state.kind == "person" or state.profile["name"]
        assert state.profile["roles"]
    assert CUSTOMER.fold(facts) == state
    assert [f.type for f in facts].count(registered().type) == (state.id is not None)
