"""Given / when / then: the language in which deciders are tested.

given(ORDER, placed()).when(CompleteOrder(at=NOON)).then(completed())
given(ORDER).when(CompleteOrder(at=NOON)).rejected("order-not-found")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from events.contracts.base import Fact
from events.deciding import Decider
from events.errors import Rejected


@dataclass(frozen=True)
class Outcome:
    facts: Sequence[Fact] | None
    rejection: Rejected | None
    state: Any

    def then(self, *expected: Fact) -> Outcome:
        assert self.rejection is None, f"rejected: {self.rejection!r}"
        assert list(self.facts or ()) == list(expected)
        return self

    def then_types(self, *names: str) -> Outcome:
        """Compares only the fact part of the types: `order.placed`."""
        assert self.rejection is None, f"rejected: {self.rejection!r}"
        assert [".".join(f.type.split(".")[2:-1]) for f in self.facts or ()] == list(names)
        return self

    def rejected(self, code: str) -> Outcome:
        assert self.rejection is not None, f"not rejected, but {self.facts}"
        assert self.rejection.code == code
        return self


@dataclass(frozen=True)
class Given:
    decider: Decider[Any, Any]
    facts: tuple[Fact, ...]

    def when(self, command: Any) -> Outcome:
        state = self.decider.fold(self.facts)
        try:
            facts = self.decider.decide(state, command)
        except Rejected as rejection:
            return Outcome(None, rejection, state)
        return Outcome(facts, None, self.decider.fold(facts, state))


def given(decider: Decider[Any, Any], *facts: Fact) -> Given:
    return Given(decider, facts)
