"""Leftovers are found by their mark, and nobody else's process is touched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import processes

STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
)


def spawn(folder: Path) -> subprocess.Popen[bytes]:
    """A process that ignores SIGTERM, ready to do so."""
    child = subprocess.Popen(
        [sys.executable, "-c", STUBBORN],
        env=processes.marked(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with spawn(tmp_path / "ours") as child:
        yield child
        child.kill()


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with spawn(tmp_path / "theirs") as child:
        yield child
        child.kill()


def test_only_our_own_leftovers_end(
    tmp_path: Path, ours: subprocess.Popen[bytes], theirs: subprocess.Popen[bytes]
) -> None:
    assert [process.pid for process in processes.owned_by(tmp_path / "ours")] == [ours.pid]
    assert processes.end_owned_by(tmp_path / "ours", grace_seconds=0.2) == 1
    assert ours.wait(5) == -9
    assert theirs.poll() is None


def test_nothing_left_is_nothing_ended(tmp_path: Path) -> None:
    assert processes.end_owned_by(tmp_path) == 0
