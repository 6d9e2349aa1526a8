"""`throughline logs`: the logs of the local system, together or one by one."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from pathlib import Path
from typing import IO

import click

from deploy.cli.support import Failure, json_option
from deploy.local.errors import NotRunning
from deploy.local.paths import Paths

POLL_SECONDS = 0.3


@click.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written, until Ctrl-C.")
@click.option("-n", "--lines", default=20, show_default=True, help="So many old lines of each.")
@json_option
def logs(name: str | None, follow: bool, lines: int, as_json: bool) -> None:
    """Show the logs of all processes, or of the one called NAME.

    \b
    Example:
      throughline logs
      throughline logs sales-worker --follow
    """
    paths = Paths.here()
    followed = [LogFile(file) for file in _files(paths, name)]
    for log in followed:
        _print(log.name, log.last(lines), as_json)
    while follow:
        for log in followed:
            _print(log.name, log.more(), as_json)
        time.sleep(POLL_SECONDS)


class LogFile:
    """One log that grows, and is rotated away now and then."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path
        self._file: IO[str] = path.open(errors="replace")

    def last(self, count: int) -> list[str]:
        """The last lines that are there already."""
        return list(deque(self._file, maxlen=count))

    def more(self) -> list[str]:
        """The lines written since the last call."""
        lines = self._file.readlines()
        if not lines and self._rotated():
            self._file.close()
            self._file = self._path.open(errors="replace")
            lines = self._file.readlines()
        return lines

    def _rotated(self) -> bool:
        """Whether another file has taken the name."""
        if not self._path.exists():
            return False
        return self._path.stat().st_ino != _inode(self._file)


def _files(paths: Paths, name: str | None) -> list[Path]:
    there = sorted(paths.logs.glob("*.log"))
    if not there:
        raise NotRunning
    chosen = [file for file in there if name in (None, file.stem)]
    if not chosen:
        raise Failure(f"no log {name}; there are {', '.join(file.stem for file in there)}")
    return chosen


def _print(name: str, lines: list[str], as_json: bool) -> None:
    for line in lines:
        text = line.rstrip("\n")
        click.echo(json.dumps({"name": name, "line": text}) if as_json else f"{name} | {text}")


def _inode(file: IO[str]) -> int:
    return os.fstat(file.fileno()).st_ino
