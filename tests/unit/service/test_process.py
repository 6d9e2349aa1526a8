"""The versions of the service process: what they promise, and that they never change."""

from __future__ import annotations

from itertools import pairwise

import pytest

from events.contracts.service import PRIORITIES
from events.errors import RuleBroken
from services.service.domain.process import CURRENT_VERSION, PROCESSES, Due, Process, process
from tests.unit.service.mothers import NOON, after

ALL = [pytest.param(one, id=f"version {version}") for version, one in PROCESSES.items()]


@pytest.mark.parametrize(
    ("kind", "priority", "hours"),
    [
        ("fault", "urgent", (1, 8)),
        ("fault", "low", (8, 120)),
        ("complaint", "high", (2, 48)),
        ("question", "normal", (8, 48)),
        ("request", "low", (24, 240)),
    ],
)
def test_version_1_stays_as_published(kind: str, priority: str, hours: tuple[int, int]) -> None:
    due = process(1).due(kind, priority, NOON)
    assert due == Due(after(hours=hours[0]), after(hours=hours[1]))


@pytest.mark.parametrize(
    ("tier", "asked", "priority"),
    [
        ("vip", "low", "urgent"),
        ("vip", "urgent", "urgent"),
        ("caring", "normal", "high"),
        ("caring", "urgent", "urgent"),
        ("adaptive", "low", "normal"),
        ("adaptive", "high", "high"),
        ("indifferent", "low", "normal"),
        ("never heard of", "low", "low"),
        (None, "low", "low"),
    ],
)
def test_a_tier_raises_and_never_lowers(tier: str | None, asked: str, priority: str) -> None:
    assert process(1).priority(asked, tier) == priority


@pytest.mark.parametrize("one", ALL)
def test_more_pressing_is_never_due_later(one: Process) -> None:
    for kind, hours in one.hours.items():
        assert hours.keys() == set(PRIORITIES), kind
        for less, more in pairwise(PRIORITIES):
            assert hours[more][0] <= hours[less][0], kind
            assert hours[more][1] <= hours[less][1], kind
        assert all(respond <= resolve for respond, resolve in hours.values()), kind


def test_versions_are_numbered_by_their_keys() -> None:
    assert all(one.version == version for version, one in PROCESSES.items())
    assert process(CURRENT_VERSION).version == CURRENT_VERSION


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(RuleBroken) as refused:
        process(0)
    assert refused.value.code == "unknown-process-version"


def test_due_times_survive_the_wire() -> None:
    due = process(1).due("fault", "normal", NOON)
    assert Due.from_data(due.to_data()) == due
