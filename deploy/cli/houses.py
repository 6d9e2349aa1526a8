"""How a command reaches the services' own databases: by their definitions, as operators do."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from deploy.cli.support import server_config
from events import crashing
from events.config import SERVICES
from events.runtime.service import House

Command = TypeVar("Command", bound=Callable[..., Any])


def service_option(command: Command) -> Command:
    """Adds `--service`, which may be given several times; the command gets `services`."""
    return click.option(
        "--service",
        "services",
        type=click.Choice(SERVICES),
        multiple=True,
        default=SERVICES,
        help="Only this service; may be given several times. Default: all four.",
    )(command)


@contextmanager
def house_of(service: str) -> Iterator[House]:
    """The service's handles, closed afterwards."""
    definition = importlib.import_module(f"services.{service}.definition").DEFINITION
    config = server_config()
    crashing.arm(config.crash_points)
    house = House(definition, config, "cli")
    try:
        yield house
    finally:
        house.close()
