"""The event store: one winner for every version, nothing half written, every command once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from events.envelope import Commit
from events.errors import Corrupt, KeyReused, RuleBroken, TooLarge, VersionConflict
from events.store.memory import MemoryEventStore
from events.store.mongo import MongoEventStore
from events.store.port import (
    MAX_COMMIT_BYTES,
    MAX_EVENT_BYTES,
    MAX_EVENTS,
    Appended,
    EventStore,
    Receipt,
    check_contiguous,
)
from events.types import StreamId, Version
from tests.conformance.making import commit, event, stream_of

ORDER = StreamId("order-1")
RACERS = 8


@pytest.fixture
def store(backend: str, request: pytest.FixtureRequest) -> EventStore:
    if backend == "memory":
        return MemoryEventStore("sales")
    real = MongoEventStore(request.getfixturevalue("db"), "sales")
    real.prepare()
    return real


def test_what_was_appended_is_loaded(store: EventStore) -> None:
    first, second = commit(first=1, count=2, command="c1"), commit(first=3)
    store.append(first)
    store.append(second)
    assert list(store.load(ORDER)) == [first, second]


def test_an_unknown_stream_is_empty(store: EventStore) -> None:
    assert list(store.load(ORDER)) == []


def test_loading_begins_after_a_version(store: EventStore) -> None:
    commits = [commit(first=1, count=2), commit(first=3), commit(first=4, count=3)]
    for one in commits:
        store.append(one)
    assert list(store.load(ORDER, Version(3))) == commits[2:]
    assert list(store.load(ORDER, Version(6))) == []


def test_streams_with_like_names_are_apart(store: EventStore) -> None:
    names = ("order-1", "order-10", "order-1@0000000001", "order-1@0000000001-2", "order-1-1")
    for name in names:
        store.append(commit(name))
    for name in names:
        assert stream_of(*store.load(StreamId(name))) == [event(name)]


def test_more_than_nine_versions_stay_in_order(store: EventStore) -> None:
    for version in range(1, 13):
        store.append(commit(first=version))
    assert [one.version for one in stream_of(*store.load(ORDER))] == list(range(1, 13))


def test_a_taken_version_is_refused(store: EventStore) -> None:
    store.append(commit(first=1))
    with pytest.raises(VersionConflict):
        store.append(commit(first=1, id="another"))
    assert list(store.load(ORDER)) == [commit(first=1)]


@pytest.mark.parametrize("stream", ["order-1", "order-2", "order-3"])
def test_of_racing_commits_exactly_one_wins(store: EventStore, stream: str) -> None:
    line = Barrier(RACERS)

    def race(number: int) -> str | None:
        mine = commit(stream, id=f"event of {number}", command=f"command {number}")
        line.wait()
        try:
            return store.append(mine).commit.events[0].id
        except VersionConflict:
            return None

    with ThreadPoolExecutor(RACERS) as threads:
        winners = [one for one in threads.map(race, range(RACERS)) if one]
    assert [one.id for one in stream_of(*store.load(StreamId(stream)))] == winners


def test_of_racing_repeats_of_a_command_all_get_the_one_commit(store: EventStore) -> None:
    line = Barrier(RACERS)

    def race(number: int) -> Commit:
        line.wait()
        return store.append(commit(f"order-{number}", command="the same")).commit

    with ThreadPoolExecutor(RACERS) as threads:
        stored = set(threads.map(lambda n: race(n).id, range(RACERS)))
    assert len(stored) == 1


@pytest.mark.parametrize(
    "large",
    [
        commit(count=MAX_EVENTS + 1),
        commit(data={"text": "x" * MAX_EVENT_BYTES}),
        commit(count=3, data={"text": "x" * (MAX_COMMIT_BYTES // 3)}),
    ],
    ids=["events", "one event", "all events"],
)
def test_what_exceeds_a_cap_is_refused_before_it_is_written(
    store: EventStore, large: Commit
) -> None:
    with pytest.raises(TooLarge):
        store.append(large)
    assert list(store.load(ORDER)) == []


def test_what_just_fits_is_stored(store: EventStore) -> None:
    store.append(commit(count=MAX_EVENTS))
    store.append(commit("order-2", data={"text": "x" * (MAX_EVENT_BYTES - 20)}))
    assert len(stream_of(*store.load(ORDER))) == MAX_EVENTS


def test_a_repeated_command_gets_the_stored_commit(store: EventStore) -> None:
    first = store.append(commit(command="c1"))
    again = store.append(commit(command="c1", id="another"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.commit == first.commit
    assert stream_of(*store.load(ORDER)) == [event()]


def test_a_repeated_command_is_known_in_another_stream_too(store: EventStore) -> None:
    first = store.append(commit(command="c1"))
    assert store.append(commit("order-2", command="c1")) == Appended(first.commit, replayed=True)
    assert list(store.load(StreamId("order-2"))) == []


def test_a_commands_key_with_another_body_is_refused(store: EventStore) -> None:
    store.append(commit(command="c1", hashed="one"))
    with pytest.raises(KeyReused):
        store.append(commit(first=2, command="c1", hashed="other"))
    assert stream_of(*store.load(ORDER)) == [event()]


def test_commands_without_a_key_are_all_different(store: EventStore) -> None:
    store.append(commit(first=1))
    store.append(commit(first=2))
    assert len(store.load(ORDER)) == 2


def test_each_of_many_commits_has_its_own_outcome_in_order(store: EventStore) -> None:
    store.append(commit("order-2"))
    store.append(commit("order-3", command="known", hashed="one"))
    outcomes = store.append_many(
        [
            commit("order-1"),
            commit("order-2", id="another"),
            commit("order-4", command="known", hashed="one"),
            commit("order-5", command="known", hashed="other"),
            commit("order-6", count=MAX_EVENTS + 1),
            commit("order-7"),
        ]
    )
    assert [type(one) for one in outcomes] == [
        Appended,
        VersionConflict,
        Appended,
        KeyReused,
        TooLarge,
        Appended,
    ]
    assert outcomes[2] == Appended(commit("order-3", command="known", hashed="one"), replayed=True)
    stored = [name for name in range(1, 8) if store.load(StreamId(f"order-{name}"))]
    assert stored == [1, 2, 3, 7]


def test_a_claim_belongs_to_one_stream(store: EventStore) -> None:
    store.append(commit("order-1"), ["phone +1", "phone +2"])
    with pytest.raises(RuleBroken, match="belongs to order-1") as refusal:
        store.append(commit("order-2"), ["phone +3", "phone +2"])
    assert refusal.value.code == "claim-taken"
    assert list(store.load(StreamId("order-2"))) == []
    store.append(commit("order-3"), ["phone +3"])


def test_a_stream_may_claim_again_what_it_has(store: EventStore) -> None:
    store.append(commit(first=1), ["phone +1"])
    store.append(commit(first=2), ["phone +1"])
    assert len(store.load(ORDER)) == 2


def test_a_claim_of_a_lost_race_is_not_kept(store: EventStore) -> None:
    store.append(commit("order-1"))
    with pytest.raises(VersionConflict):
        store.append(commit("order-1", id="another"), ["phone +1"])
    store.append(commit("order-2"), ["phone +1"])


def test_of_racing_claims_exactly_one_wins(store: EventStore) -> None:
    line = Barrier(RACERS)

    def race(number: int) -> bool:
        line.wait()
        try:
            store.append(commit(f"order-{number}"), ["phone +1"])
        except RuleBroken:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as threads:
        assert sum(threads.map(race, range(RACERS))) == 1
    stored = [number for number in range(RACERS) if store.load(StreamId(f"order-{number}"))]
    assert len(stored) == 1


def test_a_repeated_command_with_claims_is_replayed(store: EventStore) -> None:
    store.append(commit(command="c1"), ["phone +1"])
    assert store.append(commit(command="c1"), ["phone +1"]).replayed


def test_commands_are_found_by_their_id(store: EventStore) -> None:
    stored, receipt = commit(command="c1"), Receipt("c2", "hash", ORDER, Version(1))
    store.append(stored)
    store.remember(receipt)
    assert store.find_command("c1") == stored
    assert store.find_command("c2") == receipt
    assert store.find_command("c3") is None


def test_the_first_receipt_stays(store: EventStore) -> None:
    first = Receipt("c1", "hash", ORDER, Version(1))
    store.remember(first)
    store.remember(Receipt("c1", "hash", ORDER, Version(2)))
    assert store.find_command("c1") == first


def test_a_command_that_was_answered_by_a_receipt_is_not_appended(store: EventStore) -> None:
    store.remember(Receipt("c1", "hash", ORDER, Version(0)))
    with pytest.raises(KeyReused):
        store.append(commit(command="c1"))
    assert list(store.load(ORDER)) == []


@pytest.mark.parametrize("commits", [[commit(first=2)], [commit(first=1), commit(first=3)]])
def test_a_hole_is_corrupt(commits: list[Commit]) -> None:
    with pytest.raises(Corrupt):
        check_contiguous("order-1", commits, 0)


def test_the_envelope_survives(store: EventStore) -> None:
    bare = event(subject=None, causation_id=None, traceparent=None, backfilled=True)
    rich = event("order-2", data={"a": [1, True, None, {"b": "ü"}]})
    for one in (bare, rich):
        store.append(Commit(one.stream, one.key, (one,), None, None))
        assert stream_of(*store.load(one.stream)) == [one]


def test_racing_loads_and_appends_never_show_a_hole(store: EventStore) -> None:
    def write(_: int) -> None:
        for version in range(1, 30):
            store.append(commit(first=version))

    def read(_: int) -> None:
        for _ in range(30):
            store.load(ORDER)

    with ThreadPoolExecutor(3) as threads:
        writing = threads.submit(write, 0)
        list(threads.map(read, range(2)))
        writing.result()
