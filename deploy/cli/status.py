"""`throughline status`: which processes run, how far behind they are, what they have done."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
import requests
from rich.console import Console
from rich.table import Table

from deploy.cli.support import EXIT_FAILED, json_option, show
from deploy.local.endpoints import Endpoints
from deploy.local.supervision import ProcessState
from deploy.local.system import System


@click.command()
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show the processes, and each worker's lags and counts.

    Exits with 1 when a process does not run, with 3 when nothing does.

    \b
    Example:
      throughline status
      throughline status --json
    """
    found = look(System())
    show(found, as_json, lambda: render(found))
    if not all(process["fine"] for process in found["processes"]):
        ctx.exit(EXIT_FAILED)


def look(system: System) -> dict[str, Any]:
    """The state of a running system as plain data; raises NotRunning."""
    endpoints = system.endpoints()
    states = sorted(system.control.states(), key=lambda state: state.name)
    return {
        "gateway": endpoints.gateway,
        "processes": [_process(state, endpoints) for state in states],
        "workers": {service: _ask(url) for service, url in endpoints.workers.items()},
    }


def render(found: dict[str, Any], width: int | None = None) -> str:
    """The state as two tables."""
    console = Console(width=width)
    with console.capture() as capture:
        console.print(processes_table(found))
        console.print(workers_table(found))
    return capture.get().rstrip()


def processes_table(found: dict[str, Any]) -> Table:
    table = Table("process", "state", "pid", "up", "address", title=found["gateway"])
    for process in found["processes"]:
        table.add_row(
            process["name"],
            process["state"] + (f": {process['trouble']}" if process["trouble"] else ""),
            str(process["pid"] or ""),
            _duration(process["uptime_seconds"]) if process["pid"] else "",
            process["address"],
        )
    return table


def workers_table(found: dict[str, Any]) -> Table:
    table = Table("worker", "loop", "lag", "what it did")
    for service, worker in found["workers"].items():
        if worker is None:
            table.add_row(service, "does not answer", "", "")
            continue
        for loop, facts in worker.get("loops", {}).items():
            table.add_row(service, loop, str(facts.get("lag", "")), _counts(facts))
    return table


def summary(found: dict[str, Any]) -> Table:
    """The state in a few rows, small enough to be kept up to date in any terminal."""
    states = {process["name"]: process["state"] for process in found["processes"]}
    table = Table("service", "web", "worker", "records behind", title=found["gateway"])
    for service, worker in found["workers"].items():
        web, own = (states.pop(f"{service}-{kind}", "") for kind in ("web", "worker"))
        table.add_row(service, web, own, _lags(worker))
    rest = ", ".join(f"{name} {state}" for name, state in states.items())
    table.caption = f"{rest}\nCtrl-C stops everything"
    return table


def _lags(worker: dict[str, Any] | None) -> str:
    loops = (worker or {}).get("loops", {})
    return ", ".join(f"{name} {facts['lag']}" for name, facts in loops.items() if "lag" in facts)


def _process(state: ProcessState, endpoints: Endpoints) -> dict[str, Any]:
    servers = {"kafka": endpoints.kafka, "mongodb": endpoints.mongodb}
    known = {**endpoints.programs, **servers}
    return {**asdict(state), "fine": state.fine, "address": known.get(state.name, "")}


def _ask(url: str) -> dict[str, Any] | None:
    """A worker's own account; None when it gives none."""
    try:
        answer = requests.get(f"{url}/status", timeout=2)
        found: dict[str, Any] = answer.json() if answer.ok else {}
    except (requests.RequestException, ValueError):
        return None
    return found


def _counts(facts: dict[str, Any]) -> str:
    """Everything but the lag; what is zero or empty says nothing."""
    return " ".join(f"{name}={value}" for name, value in facts.items() if name != "lag" and value)


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
