"""Old events in today's words: each step turns the data of one version into the next one's.

    @upcaster("crm.sales.order.placed", from_version=1)
    def order_says_its_channel(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "channel": "unknown"}

Stored events are never rewritten, so a step lives as long as the log. It is pure: same data in,
same data out, its argument untouched, no clock, no other event. Readers call `upcast` on every
event they decode; a type without steps costs one look-up in a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Step = Callable[[dict[str, Any]], dict[str, Any]]


class Upcasters:
    """A set of steps; the program has one, tests plant their own."""

    def __init__(self) -> None:
        self._steps: dict[str, tuple[str, Step]] = {}

    def upcaster(self, name: str, *, from_version: int) -> Callable[[Step], Step]:
        """Registers the step from `<name>.v<from_version>` to the version after it."""

        def register(step: Step) -> Step:
            old = f"{name}.v{from_version}"
            if old in self._steps:
                raise ValueError(f"two upcasters for {old}")
            self._steps[old] = (f"{name}.v{from_version + 1}", step)
            return step

        return register

    def upcast(self, wire_type: str, data: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The latest type and its data; what has no step comes back as it is, unknown or not."""
        step = self._steps.get(wire_type)
        while step is not None:
            wire_type, turn = step
            data = turn(data)
            step = self._steps.get(wire_type)
        return wire_type, data

    def latest(self, wire_type: str) -> str:
        """The type that `upcast` would give, without any data."""
        while wire_type in self._steps:
            wire_type, _ = self._steps[wire_type]
        return wire_type

    def sources(self) -> Iterable[str]:
        """The wire types that have a step to a later version."""
        return self._steps.keys()


UPCASTERS = Upcasters()
upcaster = UPCASTERS.upcaster
upcast = UPCASTERS.upcast
latest = UPCASTERS.latest
