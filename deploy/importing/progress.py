"""How far an import is: a bar on a terminal, plain lines elsewhere, always on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Tell = Callable[[int], None]
"""Told how many rows are done so far."""

LINES = 10
"""Plain lines in all, when there is no terminal."""


def silent(_: int) -> None:
    """Nobody wants to know."""


@contextmanager
def shown(rows: int) -> Iterator[Tell]:
    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(rows, console) as tell:
            yield tell
    else:
        yield _plain(rows, console)


@contextmanager
def _bar(rows: int, console: Console) -> Iterator[Tell]:
    columns = (
        TextColumn("Importing purchases"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("rows", total=rows)
        yield lambda done: progress.update(task, completed=done)


def _plain(rows: int, console: Console) -> Tell:
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        tenth = done * LINES // max(1, rows)
        if tenth > told:
            told = tenth
            console.print(f"Importing purchases: {done} of {rows}", highlight=False)

    return tell
