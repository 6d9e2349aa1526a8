"""Finding and ending the processes of an earlier run, and never anybody else's.

Every process that the local environment starts inherits an environment variable naming the folder
it belongs to. A process with that mark is ours whatever its number is and whoever restarted it, so
a recorded process id, which the kernel may have given away since, is never trusted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "THROUGHLINE_OWNED_BY"
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.05


def marked(folder: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment (default: this process's) plus the mark of `folder`."""
    return {**(os.environ if base is None else base), MARK: str(folder.resolve())}


def owned_by(folder: Path) -> list[psutil.Process]:
    """The living processes that carry the mark of `folder`, without this one."""
    mark = str(folder.resolve())
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _mark_of(process) == mark
    ]


def end(found: list[psutil.Process], grace_seconds: float = GRACE_SECONDS) -> None:
    """Asks all to stop, waits, then kills what is left; returns when all are gone."""
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in _wait(found, grace_seconds):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(found, grace_seconds)


def end_owned_by(folder: Path, grace_seconds: float = GRACE_SECONDS) -> int:
    """Ends what an earlier run left in `folder`; answers how many processes that were.

    Repeats until none is left, because a supervisor among them may have started another meanwhile.
    """
    ended = 0
    while leftovers := owned_by(folder):
        end(leftovers, grace_seconds)
        ended += len(leftovers)
    return ended


def _wait(found: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Waits until all are gone; answers those that are not in time."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in found if not _gone(process)]) and (
        time.monotonic() < deadline
    ):
        time.sleep(POLL_SECONDS)
    return left


def _gone(process: psutil.Process) -> bool:
    """Also true for a zombie: it holds nothing any more, and its parent may never collect it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _mark_of(process: psutil.Process) -> str | None:
    try:
        return None if _gone(process) else process.environ().get(MARK)
    except (psutil.Error, OSError):
        # Another user's process, or one that ended while we looked: not ours.
        return None
