"""A read of personal data, as an event of its own stream: nothing to decide, nothing to change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from events.contracts.base import Fact, fact
from events.contracts.platform import AccessRecorded
from events.deciding import Decider, Scope


@dataclass(frozen=True, slots=True)
class RecordAccess:
    """`what` is `<service>.<operation>`; `record` None for a list."""

    what: str
    record: str | None = None


def decide(recorded: bool, command: RecordAccess) -> Sequence[Fact]:
    if recorded:
        return []
    return [fact(AccessRecorded, what=command.what, record=command.record)]


ACCESS: Decider[bool, RecordAccess] = Decider(
    aggregate="access",
    initial=False,
    decide=decide,
    evolve=lambda _recorded, _fact: True,
    subject=lambda _: None,
    scope=lambda _: Scope(),
)
