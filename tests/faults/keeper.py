"""Keeps processes running as the supervisor does: what dies is started again.

Faults are brought in from outside (signals) or from inside (crash points in the environment of the
next start). Every process carries the mark of the test's folder, so none outlives the tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local.programs import Program

LOOK_SECONDS = 0.05
PAUSE_SECONDS = 0.3
"""Between a death and the next start, so that a process that cannot start does not spin."""

ARMED = "THROUGHLINE_CRASH_POINTS"


@dataclass(slots=True)
class Kept:
    """`armed` holds crash points for the next start only."""

    program: Program
    process: subprocess.Popen[bytes]
    armed: str = ""
    deaths: int = 0
    wanted: bool = True
    dead_since: float | None = field(default=None)


class Keeper:
    """Starts programs and keeps them up until `close`."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = dict(environment)
        self._kept: dict[str, Kept] = {}
        self._lock = threading.RLock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    @property
    def names(self) -> list[str]:
        with self._lock:
            return [name for name, kept in self._kept.items() if kept.wanted]

    @property
    def deaths(self) -> int:
        with self._lock:
            return sum(kept.deaths for kept in self._kept.values())

    def deaths_of(self, name: str) -> int:
        return self._kept[name].deaths

    def alive(self, name: str) -> bool:
        with self._lock:
            kept = self._kept[name]
            return kept.dead_since is None and kept.process.poll() is None

    def start(self, program: Program) -> None:
        with self._lock:
            self._kept[program.name] = Kept(program, self._spawn(program, ""))

    def stop(self, name: str) -> None:
        """Ends one in an orderly way, for good."""
        with self._lock:
            kept = self._kept[name]
            kept.wanted = False
        kept.process.terminate()
        try:
            kept.process.wait(30)
        except subprocess.TimeoutExpired:
            _kill_group(kept.process)
        kept.process.wait()

    def kill(self, name: str, armed: str = "") -> None:
        """kill -9 of a process with its children; `armed` are crash points of its next life."""
        with self._lock:
            kept = self._kept[name]
            kept.armed = armed
            _kill_group(kept.process)

    def kill_child(self, name: str) -> bool:
        """kill -9 of one child (the serving process of gunicorn); False when it has none."""
        with suppress(psutil.Error, IndexError):
            psutil.Process(self._kept[name].process.pid).children()[0].kill()
            return True
        return False

    def freeze(self, name: str) -> None:
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._kept[name].process.pid, number)

    def close(self) -> None:
        """Ends all, the orderly way first."""
        self._end.set()
        self._thread.join()
        for kept in self._kept.values():
            with suppress(ProcessLookupError):
                os.killpg(kept.process.pid, signal.SIGCONT)
            kept.process.terminate()
        deadline = time.monotonic() + 20
        for kept in self._kept.values():
            with suppress(subprocess.TimeoutExpired):
                kept.process.wait(max(0.1, deadline - time.monotonic()))
            _kill_group(kept.process)
            kept.process.wait()

    def _keep(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            with self._lock:
                for kept in self._kept.values():
                    self._revive(kept)

    def _revive(self, kept: Kept) -> None:
        if not kept.wanted or kept.process.poll() is None:
            return
        if kept.dead_since is None:
            kept.dead_since = time.monotonic()
            kept.deaths += 1
            # A killed server's own child may linger and hold its port.
            _kill_group(kept.process)
        elif time.monotonic() - kept.dead_since > PAUSE_SECONDS:
            kept.process = self._spawn(kept.program, kept.armed)
            kept.armed, kept.dead_since = "", None

    def _spawn(self, program: Program, armed: str) -> subprocess.Popen[bytes]:
        environment = {**self._environment, **program.environment, ARMED: armed}
        with (self.folder / f"{program.name}.log").open("ab") as log:
            return subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
