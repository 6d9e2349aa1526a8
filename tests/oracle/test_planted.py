"""The oracle finds nothing in a right engine, and each planted bug by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events import crashing
from events.reactions import reactor
from tests.oracle.findings import told
from tests.oracle.planted import stories
from tests.oracle.planted.bugs import BOTH, BUGS
from tests.oracle.planted.stage import Stage

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

MakeStage = Callable[[tuple[str, ...]], Stage]

BUG_SECONDS = 1.5
"""How long a broken engine may try to come to rest: most never do."""


@pytest.fixture
def stage(
    mongodb_uri: str, kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeStage]:
    made: list[Stage] = []
    # Nobody else moves while a reaction waits here, so it need not wait.
    monkeypatch.setattr(reactor, "WAIT_SECONDS", 0.0)

    def make(services: tuple[str, ...]) -> Stage:
        made.append(Stage(mongodb_uri, kafka_bootstrap, tmp_path, services))
        return made[-1]

    yield make
    crashing.arm("")
    for one in made:
        one.close()


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(
    name: str, stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = BUGS[name]
    bug.plant(monkeypatch)
    here = stage(bug.services)
    bug.story(here)
    findings = here.judge(BUG_SECONDS)
    assert bug.finds in {finding.kind for finding in findings}, told(findings) or "nothing found"


def test_a_right_engine_survives_all_of_it(stage: MakeStage) -> None:
    here = stage(BOTH)
    played = {bug.story: None for bug in BUGS.values()}
    for story in [*played, stories.dies_at("relay.after_checkpoint")]:
        story(here)
    findings = here.judge(60)
    assert not findings, told(findings)
