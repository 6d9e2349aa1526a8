"""A real server that the local environment brings along: its life, the same for each kind.

Life: `prepare` (ports, configuration, first format) → the process runs `command()` → `wait_ready`
(whatever must be told to the running server before it is of use). `start` does all three in a
process of its own; under the supervisor the process belongs to the supervisor and only the other
two are called here. Data survive any kill: a later `start` in the same folder continues with them,
on the same ports when they are free and on others when not.
"""

from __future__ import annotations

import json
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from deploy.local import ports, processes
from deploy.local.errors import LocalError, StartFailed

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05


class Server(ABC):
    """One server with its data under `folder`."""

    name: ClassVar[str]
    port_names: ClassVar[tuple[str, ...]]

    def __init__(self, folder: Path, owner: Path | None = None, log: Path | None = None) -> None:
        """`owner` is the folder whose mark the process carries (default: `folder`)."""
        self.folder = folder.resolve()
        self.owner = (owner or folder).resolve()
        self.log = log or self.folder / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    # --- what each kind of server says about itself

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that runs the server in the foreground; needs `prepare` before."""

    @abstractmethod
    def wait_ready(self, alive: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        """Returns when clients can read and write; StartFailed when that does not happen."""

    @property
    @abstractmethod
    def address(self) -> str:
        """What clients are given: a MongoDB URI, a list of bootstrap servers."""

    # --- what is the same for all

    def prepare(self) -> None:
        """Makes the folders and settles the ports; kinds of servers add their own steps."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        settled = ports.keep_or_pick(self.port_names, self.ports)
        (self.folder / "ports.json").write_text(json.dumps(settled))

    def start(self) -> None:
        """Starts the server and returns when it is ready. Ends a leftover of the same folder."""
        if self.running:
            raise LocalError(f"{self.name} in {self.folder} is running already")
        processes.end_owned_by(self.folder)
        self.prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=processes.marked(self.owner),
                # A group of its own: Ctrl-C in the terminal is ours to handle, in the right order.
                start_new_session=True,
            )
        try:
            self.wait_ready(lambda: self.running)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ends the server in an orderly way, by force when it takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Ends the server as a power cut would: no chance to write anything more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise LocalError(f"{self.name} in {self.folder} is not running")
        return self._process.pid

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the last `prepare`, by name; empty before the first."""
        try:
            found = json.loads((self.folder / "ports.json").read_text())
        except (OSError, ValueError):
            # Never prepared, or cut off while writing: new ports do no harm.
            return {}
        return {name: int(port) for name, port in found.items()}

    def _poll(self, alive: Callable[[], bool], seconds: float) -> Iterator[None]:
        """Lets the caller try until `seconds` are over; raises StartFailed then, or at death."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not alive():
                raise StartFailed(self.name, "ended while starting", self.log)
            yield
            time.sleep(POLL_SECONDS)
        raise StartFailed(self.name, f"was not ready within {seconds:.0f} s", self.log)
