"""The command line of the bench; see bench/__init__.py."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from bench import profiling, report
from bench.machine import load_average, machine, versions
from bench.measures import MEASURES, named
from bench.place import Place, a_place
from bench.results import Measure, Outcome, Taken
from bench.table import show, show_profile

NAMES = click.Choice([measure.name for measure in MEASURES])
UNAVAILABLE = 1
PROFILES_BEFORE_SECONDS = 660
WIDTH = 150
"""Where no terminal tells one."""


@click.command()
@click.option("--quick", is_flag=True, help="A first look: short stretches, small data.")
@click.option("--only", type=NAMES, multiple=True, help="This measure only; may be repeated.")
@click.option("--profile", "profiled", type=NAMES, multiple=True, help="Where its time goes.")
@click.option("--render", is_flag=True, help="Only make the page again from what was kept.")
@click.option("--save/--no-save", default=None, help="Keep the results (default: unless --quick).")
def bench(
    quick: bool, only: Sequence[str], profiled: Sequence[str], render: bool, save: bool | None
) -> None:
    """Measure the platform against its baselines.

    \b
    Example:
      python -m bench --quick --only relay
    """
    if render:
        report.render()
        return
    console = Console(stderr=True)
    kept = not quick if save is None else save
    started = time.perf_counter()
    with a_place() as place:
        if profiled:
            for name in profiled:
                _profile(place, named(name), console)
            return
        wanted = [measure for measure in MEASURES if not only or measure.name in only]
        taken = [_take(place, measure, quick, console) for measure in wanted]
        for one in taken if kept else ():
            late = time.perf_counter() - started > PROFILES_BEFORE_SECONDS
            if one.short and not late and named(one.name).profile:
                _profile(place, named(one.name), console)
    show(taken, Console(width=None if sys.stdout.isatty() else WIDTH))
    if kept:
        report.save(machine(), versions(), taken)
    if any(one.failure for one in taken):
        sys.exit(UNAVAILABLE)


def _take(place: Place, measure: Measure, quick: bool, console: Console) -> Taken:
    console.print(f"{measure.title} ...")
    started, before = time.perf_counter(), load_average()
    outcome, failure = Outcome([]), None
    try:
        outcome = measure.take(place, quick)
    except Exception as failed:
        # What one measure lacks must not cost the others; the exit code tells.
        # Its kind only: the text may name folders of this machine, and is kept in a file.
        failure = type(failed).__name__
        console.print_exception()
    return Taken(
        name=measure.name,
        at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        seconds=round(time.perf_counter() - started, 1),
        load_average=(before, load_average()),
        figures=outcome.figures,
        notes=outcome.notes,
        failure=failure,
    )


def _profile(place: Place, measure: Measure, console: Console) -> None:
    if measure.profile is None:
        raise click.UsageError(f"{measure.name} has no one process to profile")
    console.print(f"{measure.title}: profile ...")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile"
        measure.profile(place, file)
        profile = profiling.read(file)
    profiling.save(measure.name, profile)
    show_profile(measure.name, profile, console)


if __name__ == "__main__":
    bench()
