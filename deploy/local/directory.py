"""Letting people into the directory of an installation: by its store, as its first step, when
nobody is there yet who could do it over HTTP. Doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from events.access.rights import ROLES
from events.commands import Commands
from events.config import PLATFORM, Config
from events.deciding import Origin
from events.mongodb import connect, database
from events.store.mongo import MongoEventStore
from events.types import utc_now
from gateway.platform.domain.directory import (
    DIRECTORY,
    MAIN,
    ActivateUser,
    ChangeOrgUnit,
    DirectoryCommand,
)
from gateway.platform.domain.people import ADMINISTRATOR, People

ACTOR = "operator"


class NotTheFirst(ValueError):
    """The installation has an administrator already: he lets others in."""


def tell_directory(config: Config, commands: Iterable[DirectoryCommand]) -> None:
    """Carries the commands out, in this order. Raises Rejected."""
    with closing(connect(config.mongodb_uri, "throughline-directory")) as client:
        store = MongoEventStore(database(client, config.database(PLATFORM)), PLATFORM)
        store.prepare()
        runner = Commands(store)
        for command in commands:
            runner.execute(DIRECTORY, MAIN, command, Origin(ACTOR, utc_now()))


def directory_of(config: Config) -> People:
    """As the store has it now."""
    with closing(connect(config.mongodb_uri, "throughline-directory")) as client:
        store = MongoEventStore(database(client, config.database(PLATFORM)), PLATFORM)
        people: People = Commands(store).state(DIRECTORY, MAIN)[0]
        return people


def first_administrator(config: Config, login: str, name: str | None = None) -> None:
    """Lets the first one in. Raises NotTheFirst."""
    if directory_of(config).administrators:
        raise NotTheFirst("there is an administrator already")
    one = ActivateUser("administrator", login, "person", "root", None, (ADMINISTRATOR,), name)
    tell_directory(config, [one])


def seed_development(config: Config) -> None:
    """Lets the people of development in, once: what was changed since stays changed."""
    if not directory_of(config).administrators:
        tell_directory(config, of_development())


def of_development() -> list[DirectoryCommand]:
    """The people whom the development issuer signs in, and the little enterprise they work in."""
    from gateway.devissuer.people import ORG_UNITS, PEOPLE

    units = [ChangeOrgUnit(one.id, one.kind, one.name, one.parent) for one in ORG_UNITS]
    people = [
        ActivateUser(
            one.subject, one.subject, one.kind, one.org_unit, one.team, one.roles, one.name
        )
        for one in PEOPLE
    ]
    return [*units, *people]


def with_every_role(*logins: str) -> list[DirectoryCommand]:
    """For programs that try everything out: tests, measures."""
    return [ActivateUser(login, login, "machine", "root", None, ROLES) for login in logins]
