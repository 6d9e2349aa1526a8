"""Puts the commands together, by a table; a command's module is imported when it is called.

So `throughline status` does not pay for what `throughline rebuild` needs. To add a command, write
it in a module of its own and add its line here.
"""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from typing import Any

import click

from deploy.cli.support import EXIT_NOT_RUNNING, Failure
from deploy.local.errors import NotRunning

COMMANDS = {
    "run": "deploy.cli.run:run",
    "up": "deploy.cli.lifecycle:up",
    "down": "deploy.cli.lifecycle:down",
    "clean": "deploy.cli.lifecycle:clean",
    "status": "deploy.cli.status:status",
    "logs": "deploy.cli.logs:logs",
    "import": "deploy.cli.importing:importing",
    "topics": "deploy.cli.topics:topics",
    "relay": "deploy.cli.relay:relay",
    "projections": "deploy.cli.projections:projections",
    "parked": "deploy.cli.parked:parked",
    "events": "deploy.cli.events:events",
    "directory": "deploy.cli.directory:directory",
    "token": "deploy.cli.directory:token",
}
"""Name of the command → "module:attribute"."""

DEBUG = "THROUGHLINE_DEBUG"


class LazyGroup(click.Group):
    """Finds its commands in COMMANDS, and turns what they raise into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, target in COMMANDS.items() if find_spec(target.partition(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except NotRunning as error:
            raise Failure(str(error), EXIT_NOT_RUNNING) from error
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            raise Failure(_one_line(error)) from error


def _one_line(error: Exception) -> str:
    """What a person can act on; the traceback comes with THROUGHLINE_DEBUG=1."""
    text = str(error) or type(error).__name__
    ours = type(error).__module__.split(".")[0] in ("deploy", "events")
    return text if ours else f"{type(error).__name__}: {text} ({DEBUG}=1 shows where)"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Throughline: every customer's story, from four services, in one timeline.

    Exit codes: 0 fine, 1 failed, 2 used wrongly, 3 nothing is running.

    \b
    Example:
      throughline up
      throughline status
    """
