"""Crash points: they kill at their turn and nowhere else, and cost nothing otherwise."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from events import crashing
from events.crashing import POINTS, arm, crash_point

ROOT = Path(__file__).parents[3]


class Died(Exception):
    """Instead of the process."""


def die() -> None:
    raise Died


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


def test_nothing_is_armed_by_itself() -> None:
    for name in POINTS:
        crash_point(name)


def test_it_dies_at_its_turn_and_once() -> None:
    arm("relay.after_send:3", die)
    crash_point("relay.after_send")
    crash_point("store.after_append")
    crash_point("relay.after_send")
    with pytest.raises(Died):
        crash_point("relay.after_send")
    crash_point("relay.after_send")


def test_several_points_count_apart() -> None:
    arm(" relay.after_send , store.after_append:2 ", die)
    crash_point("store.after_append")
    with pytest.raises(Died):
        crash_point("relay.after_send")
    with pytest.raises(Died):
        crash_point("store.after_append")


def test_arming_again_forgets_the_former() -> None:
    arm("relay.after_send", die)
    arm("")
    crash_point("relay.after_send")


@pytest.mark.parametrize("spec", ["nowhere", "relay.after_send,nowhere:2", "relay.after_send:x"])
def test_a_spec_that_makes_no_sense_is_refused(spec: str) -> None:
    with pytest.raises(ValueError):
        arm(spec)


def test_a_process_really_dies() -> None:
    code = "from events.crashing import *; arm('relay.after_send'); crash_point('relay.after_send')"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_every_point_is_somewhere_in_the_code() -> None:
    used = set()
    for folder in ("events", "deploy", "services", "gateway"):
        for file in (ROOT / folder).rglob("*.py"):
            used |= set(re.findall(r'crash_point\("([a-z_.]+)"\)', file.read_text()))
    assert used == crashing.POINTS
