"""A command under a key has one effect and one answer, however often it comes."""

from __future__ import annotations

import pytest

from events.commands import Done
from events.errors import KeyReused, RuleBroken
from events.types import Version
from tests.unit.engine.counter import COUNTER, Count, Name, origin
from tests.unit.engine.racing import STREAM, Watched, count, rival, web


@pytest.fixture
def store() -> Watched:
    return Watched()


def test_a_repeated_command_is_answered_as_before(store: Watched) -> None:
    first = count(web(store), 1, command_id="c1")
    for process in (web(store), web(store)):
        again = count(process, 1, command_id="c1")
        assert again.replayed
        assert (again.version, again.event_ids) == (first.version, first.event_ids)
    assert store.amounts == [1]


def test_a_repeated_command_is_answered_although_it_would_now_be_refused(store: Watched) -> None:
    commands = web(store)
    first = count(commands, 5, limit=5, command_id="c1")
    again = count(commands, 5, limit=5, command_id="c1")
    assert again.replayed
    assert again.event_ids == first.event_ids


def test_a_repeated_command_is_answered_although_its_version_is_old(store: Watched) -> None:
    commands = web(store)
    first = count(commands, expected=Version(0), command_id="c1")
    again = count(commands, expected=Version(0), command_id="c1")
    assert again.event_ids == first.event_ids


def test_a_repeated_command_is_answered_although_nothing_is_left_to_do(store: Watched) -> None:
    commands = web(store)
    first = commands.execute(COUNTER, "1", Name("a"), origin("c1"))
    count(commands)
    again = commands.execute(COUNTER, "1", Name("a"), origin("c1"))
    assert again == Done(STREAM, first.first, first.version, first.event_ids, replayed=True)


def test_a_command_without_effect_is_remembered(store: Watched) -> None:
    commands = web(store)
    commands.execute(COUNTER, "1", Name("a"), origin())
    nothing = commands.execute(COUNTER, "1", Name("a"), origin("c1"))
    assert nothing == Done(STREAM, Version(1), Version(1), ())
    commands.execute(COUNTER, "1", Name("b"), origin())
    again = commands.execute(COUNTER, "1", Name("a"), origin("c1"))
    assert again == Done(STREAM, Version(1), Version(1), (), replayed=True)
    assert commands.state(COUNTER, "1")[0].name == "b"


@pytest.mark.parametrize("first", [Count(), Name("")], ids=["with events", "without"])
@pytest.mark.parametrize("second", [Count(), Count(limit=-1), Name("")])
def test_a_key_belongs_to_one_request(
    store: Watched, first: Count | Name, second: Count | Name
) -> None:
    commands = web(store)
    commands.execute(COUNTER, "1", first, origin("c1", "one"))
    before = list(store.commits)
    with pytest.raises(KeyReused):
        commands.execute(COUNTER, "1", second, origin("c1", "other"))
    assert store.commits == before


def test_a_refused_command_may_be_tried_again(store: Watched) -> None:
    commands = web(store)
    count(commands, 5)
    with pytest.raises(RuleBroken):
        count(commands, 1, limit=5, command_id="c1")
    rival(store, -5)()
    assert not count(commands, 1, limit=5, command_id="c1").replayed
