"""The scenarios can fail: with a bug planted into the real processes, the verdict is damage.

Also the driver itself may be killed: what it was told is still judged.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.programs import Program
from tests.faults.fleet import Fleet, wait_for
from tests.faults.scenario import RECOVER_SECONDS, play
from tests.oracle.checker import judge
from tests.oracle.findings import told
from tests.oracle.journal import read
from tests.parts import Parts

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

BUG = "moves_the_checkpoint_before_the_work"


def with_a_bug(program: Program) -> Program:
    """The same program with the bug in its engine, if it is a worker."""
    if not program.name.endswith("-worker"):
        return program
    planted = [sys.executable, "-m", "tests.oracle.planted.process", BUG, program.command[-1]]
    return replace(program, command=planted)


@pytest.fixture
def broken_fleet(
    parts: Parts, mongodb_uri: str, kafka_bootstrap: str, tmp_path: Path
) -> Iterator[Fleet]:
    made = Fleet(parts, tmp_path, ("marketing", "sales"), gateway=False, change=with_a_bug)
    try:
        yield made.start()
    finally:
        made.close()


def test_a_bug_in_real_processes_is_found(broken_fleet: Fleet) -> None:
    def fault() -> Mapping[str, int]:
        broken_fleet.keeper.kill("sales-worker", armed="projection.inside_transaction:3")
        return {"crash": 1}

    with pytest.raises(AssertionError, match="lost: sales timeline"):
        play("planted", broken_fleet, 3, fault)


def test_a_killed_driver_forgets_nothing(fleet: Fleet, tmp_path: Path) -> None:
    journal = tmp_path / "driver.jsonl"
    driver = subprocess.Popen(
        [
            *[sys.executable, "-m", "tests.oracle.drive", "--seconds", "300"],
            *["--gateway", fleet.gateway, "--journal", str(journal), "--seed", "77"],
        ]
    )
    try:
        wait_for(
            lambda: journal.exists() and len(read(journal).answers) >= 50,
            RECOVER_SECONDS,
            "the driver's answers",
        )
    finally:
        driver.kill()
        driver.wait()
    ledger = read(fleet.journal.path, journal)
    findings = judge(fleet.places, ledger, RECOVER_SECONDS)
    fleet.journals.append(journal)
    assert not findings, told(findings)
