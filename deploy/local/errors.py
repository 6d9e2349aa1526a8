"""What can go wrong with the local environment, told in one line that says what to do.

LocalError
├── MissingPart   this machine lacks something; the message names the remedy
├── StartFailed   a process did not become ready; the message carries the end of its log
└── NotRunning    there is no running system to talk to
"""

from __future__ import annotations

from pathlib import Path

TAIL_LINES = 12


class LocalError(Exception):
    """Root of the tree; the command line prints its text and exits with 1."""


class MissingPart(LocalError):
    """A library, wheel or platform that an embedded server needs is not there."""


class StartFailed(LocalError):
    """A process died or was not ready in time."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        super().__init__(f"{name} {reason}; the end of {log}:\n{tail(log)}")


class NotRunning(LocalError):
    """Nothing runs here; the command line exits with 3."""

    def __init__(self) -> None:
        super().__init__("nothing is running here: start it with `throughline up`")


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, or a note that there is none."""
    if not log.exists():
        return "(no log was written)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
