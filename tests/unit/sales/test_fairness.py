"""Provable fairness: from the published facts alone anyone recomputes every draw.

`Witness` below is the third party: it shares no code with the pool and reads only facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as some

from events.contracts.base import Fact
from events.errors import Rejected
from services.sales.domain.pool import POOL, AcceptLead, ReleaseLead, ReturnLead
from tests.unit.sales.mothers import NOON, drawn, history, lead, seller

pytestmark = pytest.mark.feature("N07")

ROOMY = 10_000


@dataclass
class Witness:
    """Recomputes the draws of one pool; `disagreements` says where the log is not what it was."""

    sellers: dict[str, dict[str, Any]] = field(default_factory=dict)
    credits: Counter[str] = field(default_factory=Counter)
    unanswered: dict[str, str] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    round: int = 0
    disagreements: list[str] = field(default_factory=list)

    def read(self, facts: Iterable[Fact]) -> Witness:
        for one in facts:
            name = one.type.split(".")[3]
            if name == "seller_capacity_set":
                self.sellers[one.data["seller_id"]] = dict(one.data)
            elif name == "lead_assigned":
                self._check(dict(one.data))
            elif name in ("lead_accepted", "lead_returned"):
                self._answered(name, one.data["lead_id"])
        return self

    def _answered(self, name: str, lead_id: str) -> None:
        seller_id = self.unanswered.pop(lead_id)
        if name == "lead_returned":
            self.refused.setdefault(lead_id, []).append(seller_id)
        else:
            self.refused.pop(lead_id, None)

    def _check(self, data: dict[str, Any]) -> None:
        self.round += 1
        names = self._eligible(data["product_line"], self.refused.get(data["lead_id"], []))
        candidates = [
            {
                "seller_id": name,
                "weight": self.sellers[name]["weight"],
                "open": list(self.unanswered.values()).count(name),
                "credit": self.credits[name],
            }
            for name in names
        ]
        for one in candidates:
            self.credits[one["seller_id"]] += one["weight"]
        best = min(names, key=lambda name: (-self.credits[name], name), default="")
        self.credits[best] -= sum(one["weight"] for one in candidates)
        self._compare(data, candidates, best)
        self.unanswered[data["lead_id"]] = data["seller_id"]

    def _eligible(self, line: str, refused: list[str]) -> list[str]:
        serving = {
            name
            for name, one in self.sellers.items()
            if one["on_duty"] and line in (one["lines"] or [line])
        }
        allowed = serving - set(refused) or serving - set(refused[-1:]) or serving
        held = Counter(self.unanswered.values())
        return sorted(name for name in allowed if held[name] < self.sellers[name]["max_open"])

    def _compare(self, data: dict[str, Any], candidates: list[dict[str, Any]], best: str) -> None:
        told = (data["round"], data["candidates"], data["seller_id"])
        if told != (self.round, candidates, best):
            self.disagreements.append(f"{told} should be {(self.round, candidates, best)}")


def shares(facts: Iterable[Fact]) -> Counter[str]:
    return Counter(seller_id for _, seller_id in drawn(facts))


def leads(count: int) -> list[Any]:
    return [lead(number) for number in range(count)]


@over(some.integers(1, 8), some.integers(1, 40))
def test_with_equal_weights_shares_differ_by_at_most_one_at_any_time(
    sellers: int, count: int
) -> None:
    team = [seller(f"s{number}", max_open=ROOMY) for number in range(sellers)]
    given_so_far = Counter({one.seller_id: 0 for one in team})
    for _, seller_id in drawn(history(POOL, *team, *leads(count))):
        given_so_far[seller_id] += 1
        assert max(given_so_far.values()) - min(given_so_far.values()) <= 1


@over(some.lists(some.integers(1, 6), min_size=1, max_size=5), some.integers(1, 3))
def test_shares_are_proportional_to_the_weights(weights: list[int], cycles: int) -> None:
    team = [
        seller(f"s{number}", weight=weight, max_open=ROOMY) for number, weight in enumerate(weights)
    ]
    facts = history(POOL, *team, *leads(sum(weights) * cycles))
    assert shares(facts) == {one.seller_id: one.weight * cycles for one in team}


def test_the_draw_is_smooth_not_in_lumps() -> None:
    """The example of nginx's commit message."""
    team = [seller("a", weight=5), seller("b"), seller("c")]
    facts = history(POOL, *team, *leads(7))
    assert [seller_id for _, seller_id in drawn(facts)] == ["a", "a", "b", "a", "c", "a", "a"]


def test_absence_neither_costs_nor_earns_turns() -> None:
    """Equal shares while both are there, whatever went to one alone in between."""
    away, back = seller("a", on_duty=False), seller("a", max_open=ROOMY)
    before = [back, seller("b", max_open=ROOMY), *leads(2)]
    alone = [away, *(lead(100 + number) for number in range(5)), back]
    together = [lead(200 + number) for number in range(6)]
    facts = history(POOL, *before, *alone, *together)
    assert shares(facts[-6:]) == {"a": 3, "b": 3}


names = some.sampled_from(["a", "b", "c"])
numbers = some.integers(1, 8)
steps = some.one_of(
    some.builds(
        lambda name, weight, room, duty, lines: seller(
            name, weight=weight, max_open=room, on_duty=duty, lines=tuple(lines)
        ),
        names,
        some.integers(1, 5),
        some.integers(0, 3),
        some.booleans(),
        some.lists(some.sampled_from(["tools", "paint"]), max_size=2, unique=True),
    ),
    some.builds(lead, numbers, some.sampled_from(["tools", "paint"])),
    some.builds(lambda n, name: AcceptLead(f"lead-{n}", name, f"deal-{n}", NOON), numbers, names),
    some.builds(lambda n, name: ReturnLead(f"lead-{n}", name, "no_time", NOON), numbers, names),
    some.builds(lambda n: ReleaseLead(f"lead-{n}", f"deal-{n}", NOON), numbers),
)


@settings(max_examples=150)
@over(some.lists(steps, max_size=60))
def test_a_third_party_recomputes_every_draw(commands: list[Any]) -> None:
    facts: list[Fact] = []
    state = POOL.initial
    for command in commands:
        try:
            new = POOL.decide(state, command)
        except Rejected:
            continue
        facts.extend(new)
        state = POOL.fold(new, state)
        assert sum(state.credits.values()) == 0
    assert POOL.fold(facts) == state
    assert not set(state.live) & set(state.waiting)
    assert Witness().read(facts).disagreements == []


def test_the_witness_notices_a_lead_pushed_to_a_favourite() -> None:
    facts = list(history(POOL, seller("a"), seller("b"), *leads(3)))
    assert Witness().read(facts).disagreements == []
    facts[2] = Fact(facts[2].type, {**facts[2].data, "seller_id": "b"})
    assert Witness().read(facts).disagreements
