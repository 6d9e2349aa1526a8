"""`throughline run`: the whole experience in the foreground, from nothing to real history."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import click
from rich.console import Console
from rich.live import Live

from deploy.cli.main import COMMANDS
from deploy.cli.status import look, summary
from deploy.cli.support import json_option, report, server_variables, show
from deploy.cli.welcome import addresses, invitation
from deploy.local.errors import NotRunning
from deploy.local.paths import ROOT
from deploy.local.system import System

REFRESH_SECONDS = 2.0
IMPORT = [sys.executable, "-m", "deploy.cli", "import", "purchases", "--progress"]


@click.command()
@click.option("--import/--no-import", "importing", default=True, help="Import the real history.")
@json_option
def run(importing: bool, as_json: bool) -> None:
    """Start everything, import the real purchase history, and stay; Ctrl-C stops all.

    \b
    Example:
      throughline run
      throughline run --no-import
    """
    # A terminal that closes and a supervisor that stops us mean the same as Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    system = System()
    try:
        _stay(system, importing, as_json)
    except KeyboardInterrupt:
        report("\nStopping ...")
    except NotRunning:
        report("Stopped by somebody else")
    finally:
        system.down()


def _stay(system: System, importing: bool, as_json: bool) -> None:
    endpoints = system.up(report)
    show(endpoints.as_dict(), as_json, lambda: addresses(endpoints, system.paths))
    if importing:
        _import_history()
    if not as_json:
        click.echo(invitation(endpoints))
    _follow(system, quiet=as_json)


def _import_history() -> None:
    """Runs the importer as a process of its own: it may fail without taking the system along."""
    if not _importer_exists():
        report("There is nothing to import yet")
        return
    done = subprocess.run(IMPORT, cwd=ROOT, env=server_variables(), check=False)
    if done.returncode != 0:
        report(
            f"The import ended with {done.returncode}; `throughline import purchases` resumes it"
        )


def _importer_exists() -> bool:
    return find_spec(COMMANDS["import"].partition(":")[0]) is not None


def _follow(system: System, quiet: bool) -> None:
    """Keeps showing the state; on something else than a terminal, tells what changes."""
    console = Console(stderr=True)
    if console.is_terminal and not quiet:
        _follow_live(system, console)
    fine: dict[str, bool] = {}
    while True:
        for process in look(system)["processes"]:
            name = process["name"]
            if fine.get(name, True) != process["fine"]:
                report(f"{name} is {process['state']}")
            fine[name] = process["fine"]
        time.sleep(REFRESH_SECONDS)


def _follow_live(system: System, console: Console) -> None:
    with Live(summary(look(system)), console=console, auto_refresh=False) as live:
        while True:
            time.sleep(REFRESH_SECONDS)
            live.update(summary(look(system)), refresh=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
