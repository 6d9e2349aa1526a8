"""The supervisor of a local system (the `supervisor` package): its configuration and its control.

It restarts whatever ends, keeps the logs in files that do not grow for ever, and is told what to do
over a socket that only this user can open.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from deploy.local import processes
from deploy.local.errors import StartFailed
from deploy.local.paths import ROOT, Paths
from deploy.local.programs import Program

START_SECONDS = 20.0
POLL_SECONDS = 0.1

HEAD = """\
; Written anew at every start; `throughline up` is the place to change things.
; Paths are relative to this folder: the supervisor expands some of them twice.
[supervisord]
logfile=logs/supervisord.log
pidfile=supervisord.pid
childlogdir=logs
nodaemon=true
silent=true

[unix_http_server]
file={socket}
chmod=0700

[supervisorctl]
serverurl=unix://{socket}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """
[program:{name}]
command={command}
directory={root}
environment={environment}
priority={priority}
autostart={autostart}
autorestart=true
; Whoever ends within these seconds failed to start: the next try comes after a pause.
startsecs=5
; The pause grows by a second each time, so this is about seven minutes of patience.
startretries=30
; Time to answer, commit and leave the consumer group; then the whole process group is killed.
stopsignal=TERM
stopwaitsecs=15
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=logs/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=2
"""


def render(paths: Paths, programs: Iterable[Program]) -> str:
    """The text of supervisord.conf."""
    head = HEAD.format(socket=_literal(str(paths.supervisor_socket)))
    return head + "".join(_section(program) for program in programs)


def launch(paths: Paths, environment: dict[str, str]) -> Control:
    """Starts the supervisor with the configuration that was written; returns when it answers.

    It stays when the caller ends. Raises StartFailed when it does not answer in time.
    """
    paths.supervisor_socket.unlink(missing_ok=True)
    log = paths.log("supervisord.start")
    with log.open("wb") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(paths.supervisor_config)],
            cwd=paths.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=processes.marked(paths.folder, environment),
            start_new_session=True,
        )
    control = Control(paths.supervisor_socket)
    deadline = time.monotonic() + START_SECONDS
    while not control.answers():
        if started.poll() is not None or time.monotonic() > deadline:
            raise StartFailed("supervisord", "did not start", log)
        time.sleep(POLL_SECONDS)
    return control


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What the supervisor says about one program."""

    name: str
    state: str
    """STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN."""
    pid: int | None
    uptime_seconds: int
    trouble: str
    """Why it could not be started; empty when it could."""

    @property
    def fine(self) -> bool:
        """A program counts as starting for its first seconds, although it may answer already."""
        return self.state in ("RUNNING", "STARTING")

    @property
    def idle(self) -> bool:
        """Stays as it is until somebody starts it."""
        return self.state in ("STOPPED", "EXITED", "FATAL", "UNKNOWN")

    @property
    def failing(self) -> bool:
        return self.state in ("BACKOFF", "FATAL")


class Control:
    """Speaks with a running supervisor."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def answers(self) -> bool:
        """Whether a supervisor listens; False also while it is going down."""
        try:
            state = self._call("getState")
        except (OSError, HTTPException, Fault):
            return False
        return str(state["statename"]) == "RUNNING"

    def states(self) -> list[ProcessState]:
        return [_state(found) for found in self._call("getAllProcessInfo")]

    def start(self, names: Sequence[str]) -> None:
        """Asks for the programs to be started; does not wait."""
        for name in names:
            with suppress(Fault):
                # Its state tells what became of it, also when somebody else was faster.
                self._call("startProcess", name, False)

    def stop(self, names: Sequence[str]) -> None:
        """Asks the programs to end, all at once, and waits until they did."""
        for name in names:
            with suppress(Fault):
                # It ended by itself meanwhile.
                self._call("stopProcess", name, False)
        while any(state.state == "STOPPING" for state in self.states()):
            time.sleep(POLL_SECONDS)

    def shutdown(self) -> None:
        """Stops what still runs, then the supervisor; returns when its socket is closed."""
        self._call("shutdown")
        while self._socket.exists() and self._listens():
            time.sleep(POLL_SECONDS)

    def _listens(self) -> bool:
        try:
            self._call("getState")
        except (OSError, HTTPException, Fault):
            return False
        return True

    def _call(self, method: str, *arguments: Any) -> Any:
        # One connection for each call: the transport keeps no state that a restart could spoil.
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self._socket}")
        with ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


def _state(found: dict[str, Any]) -> ProcessState:
    running = bool(found["pid"])
    return ProcessState(
        name=found["name"],
        state=found["statename"],
        pid=found["pid"] or None,
        uptime_seconds=max(0, found["now"] - found["start"]) if running else 0,
        trouble=found["spawnerr"],
    )


def _section(program: Program) -> str:
    pairs = (f'{name}="{value}"' for name, value in program.environment.items())
    return PROGRAM.format(
        name=program.name,
        command=_literal(shlex.join(program.command)),
        root=_literal(str(ROOT)),
        environment=_literal(",".join(pairs)),
        priority=program.priority,
        autostart=str(program.automatic).lower(),
    )


def _literal(text: str) -> str:
    """The supervisor expands %(…)s everywhere."""
    return text.replace("%", "%%")
