"""Whatever is asked of a case, in any order and at any time: it stays consistent."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from events.contracts.base import Fact
from events.contracts.service import PRIORITIES
from events.errors import Rejected
from services.service.domain.case import CASE, Case
from services.service.domain.process import process
from tests.unit.service.mothers import (
    after,
    close,
    follow_tier,
    open_case,
    prioritize,
    reopen,
    resolve,
    respond,
)

HOURS = st.sampled_from([0, 1, 2, 5, 30, 80, 500])
TIERS = st.sampled_from(["vip", "caring", "adaptive", "indifferent", "platinum"])
COMMANDS = st.one_of(
    st.builds(
        open_case,
        tier=st.none() | TIERS,
        priority=st.sampled_from(PRIORITIES),
        kind=st.sampled_from(["fault", "complaint", "question", "request"]),
    ),
    st.builds(prioritize, st.sampled_from(PRIORITIES)),
    st.builds(follow_tier, TIERS),
    st.builds(lambda hours: respond(after(hours=hours)), HOURS),
    st.builds(lambda hours: resolve(after(hours=hours)), HOURS),
    st.just(reopen()),
    st.just(close()),
)


def check_consistent(state: Case) -> None:
    """Holds between any two commands, from the opening on."""
    rules = process(state.process_version)
    assert state.due == rules.due(state.kind, state.priority, state.opened_at)
    assert state.status in ("open", "resolved", "closed")


def check_history(facts: list[Fact]) -> None:
    names = Counter(one.type.split(".")[3] for one in facts)
    breaches = Counter(one.data["metric"] for one in facts if "metric" in one.data)
    assert names["opened"] == 1
    assert names["first_response_sent"] <= 1
    assert all(times == 1 for times in breaches.values())
    assert names["closed"] <= names["resolved"] <= names["reopened"] + 1


@settings(max_examples=100, deadline=None)
@for_all(first=st.builds(open_case, tier=st.none() | TIERS), then=st.lists(COMMANDS, max_size=12))
def test_any_commands_leave_a_consistent_case(first: Any, then: list[Any]) -> None:
    state = Case()
    facts: list[Fact] = []
    for command in [first, *then]:
        try:
            new = CASE.decide(state, command)
        except Rejected:
            continue
        moves = [one for one in new if one.type.endswith("case.prioritized.v1")]
        assert all(one.data["from"] == state.priority != one.data["to"] for one in moves)
        facts += new
        state = CASE.fold(new, state)
        check_consistent(state)
    check_history(facts)
    assert CASE.fold(facts) == state
