"""A store that is watched, and rivals that are faster, for the tests of commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from events.commands import Commands, Done
from events.envelope import Commit
from events.store.memory import MemoryEventStore
from events.store.port import Appended
from events.types import EMPTY, StreamId, Version
from tests.unit.engine.counter import COUNTER, Count, origin

STREAM = StreamId("counter-1")


class Watched(MemoryEventStore):
    """Counts reads and writes; `meanwhile` acts before the next appends, as a rival would."""

    def __init__(self) -> None:
        super().__init__("sales")
        self.loads = 0
        self.appends = 0
        self.meanwhile: list[Callable[[], object]] = []

    def load(self, stream: StreamId, after: Version = EMPTY) -> Sequence[Commit]:
        self.loads += 1
        return super().load(stream, after)

    def append(self, commit: Commit, claims: Sequence[str] = ()) -> Appended:
        self.appends += 1
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return super().append(commit, claims)

    @property
    def amounts(self) -> list[int]:
        return [e.data.get("amount", 0) for c in self.commits for e in c.events]


def web(store: MemoryEventStore) -> Commands:
    """A process of its own, with an empty cache and no patience."""
    return Commands(store, pause=lambda _: None)


def count(commands: Commands, *amounts: int, **more: Any) -> Done:
    expected = more.pop("expected", None)
    command_id = more.pop("command_id", None)
    return commands.execute(
        COUNTER, "1", Count(amounts or (1,), **more), origin(command_id), expected=expected
    )


def rival(store: MemoryEventStore, *amounts: int) -> Callable[[], object]:
    """Another process that counts directly in the store."""
    plain = MemoryEventStore.append

    def act() -> object:
        other = Commands(store, pause=lambda _: None)
        commit = other.propose(COUNTER, STREAM, Count(amounts), origin())
        assert commit is not None
        return plain(store, commit)

    return act
