"""What a caller reaches: the predicate and the filter are one rule, told twice."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.access.caller import Caller, Reach
from events.access.rights import Level
from events.deciding import Scope
from tests.access import a_caller

UNITS, TEAMS, PEOPLE = ("root", "north", "south"), ("red", "blue"), ("sam", "sue")

scopes = st.builds(
    Scope,
    st.sampled_from(UNITS),
    st.none() | st.sampled_from(TEAMS),
    st.none() | st.sampled_from(PEOPLE),
)
reaches = st.builds(
    Reach,
    st.sampled_from(Level),
    st.sampled_from(PEOPLE),
    st.frozensets(st.sampled_from(TEAMS)),
    st.frozensets(st.sampled_from(UNITS)),
)


def matches(document: dict[str, str], filter: Any) -> bool:
    """As MongoDB reads the three forms that filters have here."""
    if "$or" in filter:
        return any(matches(document, way) for way in filter["$or"])
    for name, wanted in filter.items():
        value = document.get(name)
        if value not in (wanted["$in"] if isinstance(wanted, dict) else [wanted]):
            return False
    return True


@given(reaches, scopes)
def test_the_filter_finds_what_the_predicate_covers(reach: Reach, scope: Scope) -> None:
    assert matches(scope.to_data(), reach.filter) == reach.covers(scope)


@given(reaches)
def test_what_has_no_place_is_reached_by_all_alone(reach: Reach) -> None:
    assert matches({}, reach.filter) == reach.everything


@given(st.sampled_from(Level), st.sampled_from(Level), scopes)
def test_a_farther_level_contains_a_nearer_one(one: Level, other: Level, scope: Scope) -> None:
    near, far = (
        Reach(level, "sam", frozenset({"red"}), frozenset({"north"}))
        for level in sorted([one, other])
    )
    assert far.covers(scope) or not near.covers(scope)


SELLER = a_caller("seller", subject="sam", org_unit="north-1", team="red", units=["north-1-a"])
MANAGER = a_caller("regional_manager", subject="remy", org_unit="north", region=["north-1"])


def covered(caller: Caller, right: str, scope: Scope) -> bool:
    reach = caller.reach(right)
    return reach is not None and reach.covers(scope)


def test_a_seller_works_his_own_and_sees_his_team_and_his_unit() -> None:
    assert covered(SELLER, "order.work", Scope("south", "blue", "sam"))
    assert not covered(SELLER, "order.work", Scope("north-1", "red", "sue"))
    assert covered(SELLER, "order.read", Scope("south", "red", "sue"))
    assert not covered(SELLER, "order.read", Scope("north-1", "blue", "sue"))
    assert covered(SELLER, "customer.read", Scope("north-1"))
    assert covered(SELLER, "customer.read", Scope("north-1-a"))
    assert not covered(SELLER, "customer.read", Scope("north"))
    assert not covered(SELLER, "directory.manage", Scope("north-1", "red", "sam"))


def test_a_regional_manager_reaches_the_units_of_his_region() -> None:
    assert covered(MANAGER, "order.read", Scope("north-1"))
    assert covered(MANAGER, "order.read", Scope("north"))
    assert not covered(MANAGER, "order.read", Scope("south"))
    assert not covered(MANAGER, "order.read", Scope("root"))


def test_what_somebody_makes_belongs_where_he_stands_and_he_can_see_it() -> None:
    assert SELLER.place("order.work") == Scope("north-1", "red", "sam")
    assert SELLER.place("lead.capture") == Scope("north-1", "red")
    assert MANAGER.place("order.work") == Scope("north")
    for caller, right in [(SELLER, "order.work"), (SELLER, "lead.capture"), (MANAGER, "case.work")]:
        assert covered(caller, right, caller.place(right))
