"""Which events may be applied: every case, and any mixture against a model that can't be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.envelope import Event
from events.projection.sorting import Sorted, ids_to_look_up, sort_out
from tests.conformance.making import event


def entry(version: int) -> str:
    return event(version=version).entry


def sorted_versions(
    versions: list[int],
    *,
    present: tuple[int, ...] = (),
    parked: tuple[int, ...] = (),
    poisoned: tuple[int, ...] = (),
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Applied, duplicate, early and parked versions of one stream."""
    verdict = sort_out(
        [event(version=version) for version in versions],
        {entry(version) for version in present},
        {entry(version) for version in parked},
        {entry(version): "broken" for version in poisoned},
    )
    return (
        [one.version for one in verdict.apply],
        [one.version for one in verdict.duplicates],
        [one.version for one in verdict.early],
        [one.version for one in verdict.park],
    )


@pytest.mark.parametrize(
    ("versions", "state", "applied", "duplicates", "early", "parked"),
    [
        pytest.param([], {}, [], [], [], [], id="nothing"),
        pytest.param([1, 2, 3], {}, [1, 2, 3], [], [], [], id="a new stream"),
        pytest.param([3], {"present": (1, 2)}, [3], [], [], [], id="the next one"),
        pytest.param([2], {"present": (1, 2)}, [], [2], [], [], id="known"),
        pytest.param([1, 1], {}, [1], [1], [], [], id="twice in the batch"),
        pytest.param([2], {}, [], [], [2], [], id="without its predecessor"),
        pytest.param([2, 1], {}, [1], [], [2], [], id="before its predecessor"),
        pytest.param([2, 1, 2], {}, [1, 2], [], [2], [], id="early, then in time"),
        pytest.param([1, 2, 4, 5, 3, 4, 5], {}, [1, 2, 3, 4, 5], [], [4, 5], [], id="go back"),
        pytest.param([2, 3], {"parked": (1,)}, [], [], [], [2, 3], id="behind a parked one"),
        pytest.param([1], {"parked": (1,)}, [], [1], [], [], id="parked already"),
        pytest.param([1, 2, 3], {"poisoned": (2,)}, [1], [], [], [2, 3], id="a poisonous one"),
        pytest.param(
            [2, 2], {"present": (1,), "poisoned": (2,)}, [], [2], [], [2], id="poison twice"
        ),
        pytest.param(
            [2, 3], {"present": (1, 2), "poisoned": (2,)}, [3], [2], [], [], id="applied before"
        ),
        pytest.param([3], {"poisoned": (3,)}, [], [], [3], [], id="poisonous and early"),
        pytest.param([4], {"present": (1,), "parked": (2,)}, [], [], [4], [], id="early, parked"),
    ],
)
def test_each_case(
    versions: list[int],
    state: dict[str, tuple[int, ...]],
    applied: list[int],
    duplicates: list[int],
    early: list[int],
    parked: list[int],
) -> None:
    assert sorted_versions(versions, **state) == (applied, duplicates, early, parked)


def test_streams_do_not_meet() -> None:
    mixed = [event("a-1", 1), event("b-1", 2), event("a-1", 2), event("b-1", 1)]
    verdict = sort_out(mixed, (), (), {})
    assert verdict.apply == [mixed[0], mixed[2], mixed[3]]
    assert verdict.early == [mixed[1]]


def test_entries_and_predecessors_are_looked_up_once() -> None:
    batch = [event(version=3), event(version=4), event(version=3), event("b-1", 1)]
    assert ids_to_look_up(batch) == [entry(3), entry(2), entry(4), event("b-1", 1).entry]


def model(
    batch: list[Event], applied: set[str], parked: set[str], poisoned: dict[str, str]
) -> list[str]:
    """One event after the other, with the whole state in hand."""
    verdicts = []
    for one in batch:
        held = {e for e in applied | parked if e.startswith(f"{one.stream}@")}
        if one.entry in held:
            verdicts.append("duplicate")
        elif one.version != len(held) + 1:
            verdicts.append("early")
        elif one.entry in poisoned or any(e in parked for e in held):
            parked.add(one.entry)
            verdicts.append("park")
        else:
            applied.add(one.entry)
            verdicts.append("apply")
    return verdicts


def named(batch: list[Event], verdict: Sorted) -> list[str]:
    """The verdict on each event of the batch, by the object itself."""
    names = {
        **{id(one): "apply" for one in verdict.apply},
        **{id(one): "duplicate" for one in verdict.duplicates},
        **{id(one): "early" for one in verdict.early},
        **{id(one): "park" for one in verdict.park},
    }
    return [names[id(one)] for one in batch]


places = st.tuples(st.sampled_from(["a-1", "b-1"]), st.integers(1, 6))


@given(
    batch=st.lists(places, max_size=14),
    heads=st.fixed_dictionaries({"a-1": st.integers(0, 4), "b-1": st.integers(0, 4)}),
    waiting=st.fixed_dictionaries({"a-1": st.integers(0, 2), "b-1": st.integers(0, 2)}),
    poison=st.sets(places, max_size=3),
)
def test_any_mixture_is_judged_like_one_after_the_other(
    batch: list[tuple[str, int]],
    heads: dict[str, int],
    waiting: dict[str, int],
    poison: set[tuple[str, int]],
) -> None:
    events = [event(stream, version) for stream, version in batch]
    applied = {event(s, v).entry for s, head in heads.items() for v in range(1, head + 1)}
    parked = {
        event(s, heads[s] + v).entry for s, more in waiting.items() for v in range(1, more + 1)
    }
    poisoned = {event(*place).entry: "broken" for place in poison}
    wanted = ids_to_look_up(events)
    verdict = sort_out(
        events,
        {one for one in wanted if one in applied},
        {one for one in wanted if one in parked},
        poisoned,
    )
    assert named(events, verdict) == model(events, applied, parked, poisoned)
