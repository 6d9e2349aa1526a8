"""The one table of who may do what. Nothing outside it is allowed; docs/reference/rights.md shows
it with every route.

A row is a right, a column a role, a cell how far it reaches: `own` (records that he owns), `team`
(and his teams'), `unit` (and all of his org unit), `region` (and all of his region), `all`. A dash
is no. Whoever has several roles has the farthest reach of them. A right that ends in `*` speaks of
something that has no single place, such as a sum over everything: it is given whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType


class Level(IntEnum):
    """How far a right reaches; a greater one contains the smaller ones."""

    NONE = 0
    OWN = 1
    TEAM = 2
    UNIT = 3
    REGION = 4
    ALL = 5


ROLES = (
    "director",
    "regional_manager",
    "marketer",
    "seller",
    "agent",
    "analyst",
    "integrator",
    "auditor",
    "administrator",
)
"""In the order of the table's columns."""

TABLE = """
                      director regional marketer seller  agent   analyst integr. auditor admin.
customer.read         all      region   all      unit    all     all     all     all     -
customer.register     all      region   all      unit    all     -       all     -       -
customer.change       all      region   all      unit    all     -       all     -       -
customer.search       all      region   all      unit    all     -       all     all     -
timeline.read         all      region   all      unit    all     all     all     all     -
lead.read             all      region   all      unit    unit    all     all     all     -
lead.capture          all      region   all      unit    all     -       all     -       -
lead.qualify          all      region   all      team    -       -       all     -       -
pool.read             all      region   all      unit    -       all     all     all     -
pool.manage           all      region   -        -       -       -       all     -       -
lead.answer           all      region   -        unit    -       -       all     -       -
assignment.read       all      region   all      unit    -       all     all     all     -
opportunity.read      all      region   all      team    unit    all     all     all     -
opportunity.work      all      region   -        own     -       -       all     -       -
order.read            all      region   all      team    all     all     all     all     -
order.work            all      region   -        own     unit    -       all     -       -
interaction.read      all      region   all      unit    all     all     all     all     -
interaction.work      all      region   -        own     all     -       all     -       -
case.read             all      region   all      unit    all     all     all     all     -
case.work             all      region   -        own     all     -       all     -       -
insight.read          all      region   all      unit    all     all     all     all     -
policy.read *         all      all      all      all     all     all     all     all     -
policy.publish *      all      -        -        -       -       all     -       -       -
totals.read *         all      -        all      -       -       all     all     all     -
note.read             all      region   all      unit    all     all     all     all     -
note.write            all      region   all      unit    all     all     all     -       -
mention.read          own      own      own      own     own     own     own     own     own
schema.read *         all      all      all      all     all     all     all     all     all
schema.register *     -        -        -        -       -       -       -       -       all
custom.record         all      region   all      unit    all     -       all     -       -
customer.share        all      region   -        unit    all     -       all     -       -
event.read            all      region   all      unit    unit    all     all     all     -
personal.read *       all      all      all      all     all     -       all     all     -
directory.read *      all      all      all      all     all     all     all     all     all
directory.manage *    -        -        -        -       -       -       -       -       all
subscription.manage * all      -        -        -       -       -       all     -       all
access.read *         -        -        -        -       -       -       -       all     -
status.read *         all      all      all      all     all     all     all     all     all
"""

_LEVELS: Mapping[str, Level] = MappingProxyType(
    {"-": Level.NONE, **{level.name.lower(): level for level in Level if level}}
)


_NAME = re.compile(r"[a-z]+\.[a-z]+( \*)?")


class UnknownRight(ValueError):
    """A route names a right that is not in the table: nobody could ever be given it."""


class Rights:
    """The table, read strictly. `whole` are the rights without a place."""

    def __init__(self, table: str) -> None:
        _, *lines = [line for line in table.splitlines() if line.strip()]
        self._levels: dict[str, Mapping[str, Level]] = {}
        whole: set[str] = set()
        for line in lines:
            name, cells = _row(line)
            if name.endswith("*"):
                name = name.rstrip(" *")
                whole.add(name)
                if set(cells) - {Level.NONE, Level.ALL}:
                    raise ValueError(f"{name} is given whole or not at all")
            if name in self._levels:
                raise ValueError(f"{name} stands in the table twice")
            self._levels[name] = MappingProxyType(dict(zip(ROLES, cells, strict=True)))
        self.whole = frozenset(whole)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._levels)

    def check(self, right: str) -> str:
        """The right's name as it was given; raises UnknownRight."""
        if right not in self._levels:
            raise UnknownRight(f"{right!r} is no right of the table in events/access/rights.py")
        return right

    def of_role(self, right: str, role: str) -> Level:
        """A role that the table does not know has no rights."""
        return self._levels[self.check(right)].get(role, Level.NONE)

    def level(self, right: str, roles: Iterable[str]) -> Level:
        """The farthest reach among the roles."""
        return max((self.of_role(right, role) for role in roles), default=Level.NONE)


def _row(line: str) -> tuple[str, list[Level]]:
    parts = line.split()
    name, words = " ".join(parts[: -len(ROLES)]), parts[-len(ROLES) :]
    if not _NAME.fullmatch(name) or any(word not in _LEVELS for word in words):
        raise ValueError(f"unreadable row: {line!r}")
    return name, [_LEVELS[word] for word in words]


RIGHTS = Rights(TABLE)


@lru_cache(maxsize=4096)
def level_of(right: str, roles: frozenset[str]) -> Level:
    """`RIGHTS.level`, remembered: asked for by every request."""
    return RIGHTS.level(right, roles)
