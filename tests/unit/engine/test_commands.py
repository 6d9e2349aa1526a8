"""From a command to a commit: decided on the truth, at most three times, answered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from events.commands import TRIES, Commands, Done
from events.contracts.upcasting import Upcasters
from events.errors import PreconditionFailed, RuleBroken, VersionConflict
from events.types import Version
from tests.unit.engine.counter import COUNTER, Count, Name, State, origin
from tests.unit.engine.racing import STREAM, Watched, count, rival, web


@pytest.fixture
def store() -> Watched:
    return Watched()


def test_a_command_becomes_one_commit(store: Watched) -> None:
    done = count(web(store), 2, 3)
    assert done == Done(STREAM, Version(1), Version(2), done.event_ids)
    assert len(done.event_ids) == 2
    assert [len(commit.events) for commit in store.commits] == [2]


def test_what_follows_costs_one_write_and_no_read(store: Watched) -> None:
    commands = web(store)
    count(commands)
    before = store.loads
    for _ in range(5):
        count(commands)
    assert (store.loads - before, store.appends) == (0, 6)


def test_the_envelope_is_the_origins(store: Watched) -> None:
    asked = origin(
        "c1", correlation_id="chain", causation_id="cause", backfilled=True, traceparent="trace"
    )
    web(store).execute(COUNTER, "1", Count(customer="customer-7"), asked)
    event = store.commits[0].events[0]
    assert (event.actor, event.occurred_at, event.source) == ("tester", asked.occurred_at, "sales")
    assert (event.correlation_id, event.causation_id) == ("chain", "cause")
    assert (event.backfilled, event.traceparent) == (True, "trace")
    assert (event.subject, event.key, event.epoch) == ("customer-7", "customer-7", store.epoch)
    assert (store.commits[0].command_id, store.commits[0].command_hash) == ("c1", "hash")


def test_the_first_commit_fixes_the_key(store: Watched) -> None:
    count(web(store))
    count(web(store), customer="customer-7")
    first, second = (commit.events[0] for commit in store.commits)
    assert (first.key, second.key) == (STREAM, STREAM)
    assert (first.subject, second.subject) == (None, "customer-7")


def test_a_refusal_writes_nothing(store: Watched) -> None:
    with pytest.raises(RuleBroken, match="exceed"):
        count(web(store), 5, limit=4)
    assert store.commits == []


def test_a_lost_race_is_decided_again(store: Watched) -> None:
    commands = web(store)
    count(commands, 1)
    store.meanwhile = [rival(store, 10)]
    assert count(commands, 2).version == 3
    assert store.amounts == [1, 10, 2]


def test_what_a_rival_did_may_change_the_decision(store: Watched) -> None:
    commands = web(store)
    count(commands, 1)
    store.meanwhile = [rival(store, 10)]
    with pytest.raises(RuleBroken):
        count(commands, 2, limit=5)
    assert store.amounts == [1, 10]


@pytest.mark.parametrize("rivals", [TRIES - 1, TRIES])
def test_three_times_at_most(store: Watched, rivals: int) -> None:
    commands = web(store)
    store.meanwhile = [rival(store, 10)] * rivals
    if rivals < TRIES:
        assert count(commands, 1).version == rivals + 1
    else:
        with pytest.raises(VersionConflict):
            count(commands, 1)
    assert store.appends == TRIES
    assert store.amounts.count(1) == (1 if rivals < TRIES else 0)


def test_it_waits_a_little_before_it_tries_again(store: Watched) -> None:
    pauses: list[float] = []
    commands = Commands(store, pause=pauses.append)
    store.meanwhile = [rival(store, 10)] * 2
    count(commands)
    assert len(pauses) == 2
    assert all(0 <= pause < 0.1 for pause in pauses)


def test_a_refusal_on_an_old_state_is_decided_again(store: Watched) -> None:
    """Only the store's truth may refuse: the cache of a process can be behind."""
    commands, other = web(store), web(store)
    commands.execute(COUNTER, "1", Name("a"), origin())
    other.execute(COUNTER, "1", Count((-50,)), origin())
    assert count(commands, 40, limit=0).version == 3


def test_nothing_to_do_on_an_old_state_is_decided_again(store: Watched) -> None:
    commands, other = web(store), web(store)
    commands.execute(COUNTER, "1", Name("a"), origin())
    other.execute(COUNTER, "1", Name("b"), origin())
    done = commands.execute(COUNTER, "1", Name("a"), origin())
    assert (done.version, len(done.event_ids)) == (3, 1)


def test_an_expected_version_that_is_current(store: Watched) -> None:
    commands = web(store)
    count(commands)
    assert count(commands, expected=Version(1)).version == 2
    assert count(web(store), expected=Version(2)).version == 3


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_an_expected_version_that_is_not_current(store: Watched, expected: int) -> None:
    commands = web(store)
    count(commands)
    count(commands)
    for process in (commands, web(store)):
        with pytest.raises(PreconditionFailed) as failed:
            count(process, expected=Version(expected))
        assert failed.value.actual == 2
    assert store.amounts == [1, 1]


def test_an_expected_version_is_not_decided_again(store: Watched) -> None:
    commands = web(store)
    count(commands)
    store.meanwhile = [rival(store, 10)]
    with pytest.raises(PreconditionFailed):
        count(commands, 2, expected=Version(1))
    assert store.amounts == [1, 10]


def test_a_stale_cache_does_not_fail_an_expected_version(store: Watched) -> None:
    commands = web(store)
    count(commands)
    rival(store, 10)()
    assert count(commands, 2, expected=Version(2)).version == 3


def test_a_claim_that_is_taken_writes_nothing(store: Watched) -> None:
    commands = web(store)
    commands.execute(COUNTER, "1", Name("a"), origin())
    with pytest.raises(RuleBroken, match="belongs to counter-1"):
        commands.execute(COUNTER, "2", Name("a"), origin())
    assert len(store.commits) == 1


def test_racing_threads_lose_no_count(store: Watched) -> None:
    commands = Commands(store)

    def work(_: int) -> int:
        done = 0
        while done < 10:
            try:
                count(commands)
                done += 1
            except VersionConflict:
                """Three races lost in a row: the caller's turn."""
        return done

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 40
    assert commands.state(COUNTER, "1") == (State(total=40), Version(40))


def test_proposing_writes_nothing_and_can_go_on(store: Watched) -> None:
    commands = web(store)
    count(commands)
    first = commands.propose(COUNTER, STREAM, Count((2, 3)), origin())
    assert first is not None
    second = commands.propose(COUNTER, STREAM, Count((4,), limit=10), origin(), first)
    assert second is not None
    assert (first.first, first.last, second.first) == (2, 3, 4)
    with pytest.raises(RuleBroken):
        commands.propose(COUNTER, STREAM, Count((5,), limit=10), origin(), first)
    assert len(store.commits) == 1


def test_old_events_are_loaded_in_todays_words(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(web(store), 5)
    stored = store.commits[0]
    old = tuple(
        replace(event, type="crm.sales.counter.added.v1", data={"sum": 5})
        for event in stored.events
    )
    store._streams[STREAM] = [replace(stored, events=old)]
    steps = Upcasters()
    steps.upcaster("crm.sales.counter.added", from_version=1)(lambda old: {"amount": old["sum"]})
    monkeypatch.setattr("events.commands.upcast", steps.upcast)
    assert web(store).state(COUNTER, "1") == (State(total=5), Version(1))


def test_the_cache_forgets_the_longest_unused(
    store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.commands.CACHED_STATES", 2)
    commands = web(store)
    for name in ("1", "2", "1", "3"):
        commands.execute(COUNTER, name, Count(), origin())
    before = store.loads
    commands.execute(COUNTER, "1", Count(), origin())
    commands.execute(COUNTER, "3", Count(), origin())
    assert store.loads == before
    commands.execute(COUNTER, "2", Count(), origin())
    assert store.loads == before + 1
