"""`throughline up`, `down` and `clean`: the life of the local system."""

from __future__ import annotations

import click

from deploy.cli.support import json_option, report, show
from deploy.cli.welcome import addresses
from deploy.local.system import System


@click.command()
@json_option
def up(as_json: bool) -> None:
    """Start everything in the background, and wait until it answers.

    What runs already is left alone; what failed or was killed is started again on its data.
    MONGODB_URI and KAFKA_BOOTSTRAP_SERVERS name servers to use instead of bringing some along.

    \b
    Example:
      throughline up
      MONGODB_URI=mongodb://127.0.0.1:27017/?replicaSet=rs0 throughline up --json
    """
    system = System()
    running = system.running
    if running:
        report(f"Running already in {system.paths.folder}")
    endpoints = system.up(report)
    data = {"was_running": running, "endpoints": endpoints.as_dict()}
    show(data, as_json, lambda: addresses(endpoints, system.paths))


@click.command()
@json_option
def down(as_json: bool) -> None:
    """Stop everything: the services first, then the servers. The data stay.

    \b
    Example:
      throughline down
    """
    stopped = System().down()
    show({"stopped": stopped}, as_json, lambda: "Stopped" if stopped else "Nothing was running")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def clean(yes: bool, as_json: bool) -> None:
    """Stop everything and delete its data and logs.

    \b
    Example:
      throughline clean --yes
    """
    system = System()
    if not yes:
        click.confirm(f"Delete {system.paths.folder} with all data?", abort=True, err=True)
    system.clean()
    folder = str(system.paths.folder)
    show({"deleted": folder}, as_json, lambda: f"Deleted {folder}")
