"""What all commands share: how they answer, how they fail, and how they reach a running system."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from deploy.local.system import System
from events.config import Config, load_config

EXIT_FAILED = 1
EXIT_NOT_RUNNING = 3

Command = TypeVar("Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """Ends the command with one line on standard error."""

    def __init__(self, message: str, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        # click reads it from the instance, but declares it for the class.
        vars(self)["exit_code"] = exit_code


def json_option(command: Command) -> Command:
    """Adds `--json`; the command gets `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")(command)


def show(data: Any, as_json: bool, text: Callable[[], str]) -> None:
    """Prints the answer: `data` as one JSON document, or the text for a person."""
    click.echo(json.dumps(data, indent=2, default=str) if as_json else text())


def report(line: str) -> None:
    """Tells on standard error what is going on, so that standard output stays the answer."""
    click.echo(line, err=True)


def server_variables(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment, with the addresses of the running local system where it names none.

    Raises NotRunning when the environment does not name both and nothing runs here.
    """
    named = dict(os.environ if variables is None else variables)
    if named.get("MONGODB_URI") and named.get("KAFKA_BOOTSTRAP_SERVERS"):
        return named
    running = System().endpoints().environment()
    return {**running, **{name: value for name, value in named.items() if value}}


def server_config() -> Config:
    """The configuration with which a command reaches the servers."""
    return load_config(server_variables())
