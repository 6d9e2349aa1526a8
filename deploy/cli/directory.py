"""`throughline directory` and `throughline token`: who may come in, before anybody is in."""

from __future__ import annotations

from pathlib import Path

import click

from deploy.cli.support import Failure, json_option, server_config, show
from deploy.local.directory import NotTheFirst, first_administrator
from deploy.local.passes import Passes
from deploy.local.system import System


@click.group()
def directory() -> None:
    """Let the first administrator in; he lets in everybody else, over HTTP.

    \b
    Example:
      throughline directory first-administrator --login ada@example.org
    """


@directory.command("first-administrator")
@click.option("--login", required=True, help="The subject that the sign-in gives him.")
@click.option("--name", default=None, help="His name.")
@json_option
def first(login: str, name: str | None, as_json: bool) -> None:
    """Let somebody in as administrator, while there is none.

    \b
    Example:
      throughline directory first-administrator --login ada@example.org
    """
    try:
        first_administrator(server_config(), login, name)
    except NotTheFirst as error:
        raise Failure(str(error)) from error
    show({"user_id": "administrator", "login": login}, as_json, lambda: f"{login} is in")


@click.command()
@click.argument("login")
@json_option
def token(login: str, as_json: bool) -> None:
    """An access token of the local system's development issuer, good for an hour.

    Seeded are ada (administrator), dora (director), remy (regional manager), mia (marketer), sam
    and sue (sellers), ann (agent), ali (analyst), otto (auditor) and ida (integrator).

    \b
    Example:
      curl -H "Authorization: Bearer $(throughline token dora)" ...
    """
    endpoints = System().endpoints()
    made = Passes(Path(endpoints.keys), endpoints.gateway).of(login).removeprefix("Bearer ")
    show({"login": login, "token": made}, as_json, lambda: made)
