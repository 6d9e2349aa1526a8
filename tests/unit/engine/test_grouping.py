"""Group commit: everybody gets the outcome of his own append, whoever wrote it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from events.commands import Commands, Known
from events.deciding import Origin
from events.envelope import Commit
from events.errors import Transient, VersionConflict
from events.store.grouping import LARGEST_GROUP, GroupCommit
from events.store.memory import MemoryEventStore
from events.store.port import Appended
from events.types import StreamId, Version
from services.sales.domain.order import ORDER
from tests.unit.sales.mothers import placed

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def commit(number: int) -> Commit:
    commands = Commands(MemoryEventStore("sales"))
    known = Known(ORDER.initial, Version(0), None)
    stream = StreamId.of("order", str(number))
    return commands.commit_of(ORDER, stream, known, [placed()], Origin("me", NOON))


class Writer:
    """Writes into a memory store; the first write waits until it is let go."""

    def __init__(self) -> None:
        self.store = MemoryEventStore("sales")
        self.groups: list[int] = []
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        self.groups.append(len(commits))
        self.entered.set()
        assert self.go.wait(10)
        return self.store.append_many(commits)


def test_what_comes_during_a_write_goes_out_together_in_the_next() -> None:
    writer = Writer()
    group = GroupCommit(writer)
    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(group.append, commit(0))
        assert writer.entered.wait(10)
        others = [pool.submit(group.append, commit(number)) for number in range(1, 21)]
        while len(group._queue) < 20:
            threading.Event().wait(0.001)
        writer.go.set()
        streams = [one.result(10).commit.stream for one in [first, *others]]
    assert writer.groups == [1, 20]
    assert streams == [f"order-{number}" for number in range(21)]
    assert {c.stream for c in writer.store.commits} == set(streams)


def test_a_group_has_a_bound_and_nobody_is_left_waiting() -> None:
    writer = Writer()
    writer.go.set()
    group = GroupCommit(writer)
    with ThreadPoolExecutor(120) as pool:
        done = [pool.submit(group.append, commit(number)) for number in range(600)]
        assert all(one.result(20).commit for one in done)
    assert max(writer.groups) <= LARGEST_GROUP
    assert sum(writer.groups) == 600


def test_one_refusal_in_a_group_is_only_its_own() -> None:
    writer = Writer()
    writer.go.set()
    group = GroupCommit(writer)
    group.append(commit(1))
    with pytest.raises(VersionConflict):
        group.append(commit(1))
    assert group.append(commit(2)).commit.stream == "order-2"


def test_a_failed_write_fails_everybody_in_it_and_nobody_after_it() -> None:
    failing = [True]

    def write(commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        if failing.pop() if failing else False:
            raise Transient("no primary")
        return [Appended(one) for one in commits]

    group = GroupCommit(write)
    with pytest.raises(Transient):
        group.append(commit(1))
    assert group.append(commit(1)).replayed is False
