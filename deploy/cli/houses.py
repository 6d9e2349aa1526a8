"""How a command reaches the services' own databases: by their definitions, as operators do."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from deploy.cli.support import server_config
from deploy.local.programs import package_of
from events import crashing
from events.config import CONTEXTS
from events.runtime.service import House

Command = TypeVar("Command", bound=Callable[..., Any])


def service_option(command: Command) -> Command:
    """Adds `--service`, which may be given several times; the command gets `services`."""
    return click.option(
        "--service",
        "services",
        type=click.Choice(CONTEXTS),
        multiple=True,
        default=CONTEXTS,
        help="Only this service; may be given several times. Default: all, the platform too.",
    )(command)


@contextmanager
def house_of(service: str) -> Iterator[House]:
    """The service's handles, closed afterwards."""
    definition = importlib.import_module(f"{package_of(service)}.definition").DEFINITION
    config = server_config()
    crashing.arm(config.crash_points)
    house = House(definition, config, "cli")
    try:
        yield house
    finally:
        house.close()
