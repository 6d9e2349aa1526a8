"""docs/reference/rights.md: who may do what, and which routes take which right.

Called by deploy/cli/reference.py. The table is the one that the services deny by.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.cli.openapi import FOLDER
from events.access.rights import RIGHTS, ROLES, Level

METHODS = ("get", "post", "put", "patch", "delete")

INTRODUCTION = """\
Nothing is allowed that is not in this table. Every route of every service takes one right, and a
service with a route that names none does not start (`events/http/guard.py`). A role's cell says
how far the right reaches:

| reach | records that are reached |
|---|---|
| own | those that he owns |
| team | also those of his teams |
| unit | also those of his org unit and of all below it |
| region | also those of all units of his region |
| all | everything |

A record, an event and a document of a view have their place in `org_unit`, `team` and `owner`. The
reach of the route's right is and-ed to every query of the request, whether it lists, counts, sums
up, searches or follows the feed. A record out of reach is answered as if it did not exist (404);
so is a command on it. What has no place, or none yet, is reached by `all` alone. Whoever makes a
record and says no place puts it where he stands himself; elsewhere than in his reach he can't.

Several roles reach as far as the farthest of them. Without `personal.read`, names, addresses and
whatever else is marked as personal in the contracts come as `•••` or not at all; with it, who read
what is recorded (`access.read`).
"""


def rights(gateway: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The page's lines; `gateway` has the gateway's own routes by right."""
    yield from INTRODUCTION.splitlines()
    yield "\n## Rights and roles\n"
    yield "| right | " + " | ".join(role.replace("_", " ") for role in ROLES) + " |"
    yield "| --- " * (len(ROLES) + 1) + "|"
    for right in RIGHTS.names:
        cells = [_cell(RIGHTS.of_role(right, role)) for role in ROLES]
        yield f"| `{right}` | " + " | ".join(cells) + " |"
    yield "\n## Routes\n"
    yield "| right | routes |\n| --- | --- |"
    routes = _routes(gateway)
    for right in RIGHTS.names:
        told = "<br>".join(f"`{one}`" for one in routes.get(right, ()))
        yield f"| `{right}` | {told} |"
    yield "\n## Without a sign-in\n"
    yield "Each is named in `tests/contract/test_rights.py` as well: none appears by accident.\n"
    yield "| route | what guards it instead |\n| --- | --- |"
    for route, operation in _operations():
        if why := operation.get("x-public"):
            yield f"| `{route}` | {why} |"


def _cell(level: Level) -> str:
    return level.name.lower() if level else ""


def _routes(gateway: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for right, routes in gateway.items():
        found[right] += routes
    for route, operation in _operations():
        if "x-right" in operation:
            found[operation["x-right"]].append(route)
    return found


def _operations() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every operation of every house, by the route that the gateway has for it."""
    for file in sorted(FOLDER.glob("*.json")):
        for path, item in json.loads(file.read_text("utf-8"))["paths"].items():
            for method in METHODS:
                if method in item:
                    full = f"/v1/{file.stem}/{path.removeprefix('/v1/')}"
                    yield f"{method.upper()} {full}", item[method]
