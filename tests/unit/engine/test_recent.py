"""The last applied events that a worker tells of."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from events.projection.recent import MOST, Recent, newest
from events.runtime.loop import Loop
from events.runtime.worker import recently_applied
from tests.conformance.making import event
from tests.unit.engine.projecting import World


def told(recent: Recent) -> list[int]:
    return [one.version for one in recent.read()]


@pytest.mark.parametrize("batches", [(3,), (3, 40), (MOST, 1), (1, 1, 1)])
def test_only_the_last_few_are_kept(batches: tuple[int, ...]) -> None:
    recent, made = Recent(), [event("order-1", version) for version in range(1, 60)]
    begin = 0
    for size in batches:
        recent.note(made[begin : begin + size])
        begin += size
    assert told(recent) == [one.version for one in made[:begin][-MOST:]]


def test_a_projector_notes_what_it_applied_and_nothing_else() -> None:
    world = World()
    world.publish(1, 2, 2, 4)
    projector = world.member()
    projector.step(0)
    assert told(projector.recent) == [1, 2]


def test_the_newest_of_several_projectors_each_once() -> None:
    first = event("order-1", 1)
    later = [
        replace(first, version=version, recorded_at=first.recorded_at + timedelta(minutes=version))
        for version in range(2, 20)
    ]
    live, building = Recent(), Recent()
    live.note(later)
    building.note([first, *later[:5], later[-1]])
    shown = newest([*building.read(), *live.read()])
    assert [one.version for one in shown] == list(range(19, 19 - MOST, -1))


def test_a_worker_tells_them_beside_loops_of_other_kinds() -> None:
    world = World()
    world.publish(1, 2)
    projecting, relaying = (Loop(name, world.member) for name in ("projector.v1", "relay"))
    projecting.role = world.member()
    projecting.role.step(0)
    (second, first) = recently_applied([relaying, projecting])
    assert (second["stream"], second["version"], first["version"]) == ("order-1", 2, 1)


def test_what_is_told_holds_no_data_and_no_subject() -> None:
    recent, one = Recent(), replace(event("order-1", 1), subject="SECRET", actor="SECRET")
    recent.note([one])
    (kept,) = recent.read()
    assert set(kept.told()) == {"type", "source", "stream", "version", "recorded_at"}
    assert "SECRET" not in json.dumps(kept.told()) + repr(kept)
