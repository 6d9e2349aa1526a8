"""What holds for every route of every service, those included that do not exist yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from deploy.cli.openapi import FOLDER, document_of
from events.access.rights import RIGHTS
from events.contracts.base import all_contracts
from events.contracts.fields import personal_fields
from events.http.masking import EVENT_DATA

ROOT = Path(__file__).parents[2]
HOUSES = sorted(file.stem for file in FOLDER.glob("*.json"))
NOT_PERSONAL = {"value", "old", "new", "status", "lines", "city"}
"""Names of personal fields that in answers also stand for what is not personal."""

NOBODYS = {
    "gateway.platform.api.directory.OrgUnitAnswer.name",
    "gateway.platform.api.own_types.TypeAnswer.subject",
}
"""Fields of answers with such a name that are about no person."""

PUBLIC = {"platform": {"get /v1/own/{token}"}}
"""Every route that asks nobody who he is. A new one belongs here only when something else guards
it, and when all that it tells may be known by whoever holds that."""

PAST_THE_SCOPE = {
    "gateway/platform/api/own_area.py": 1,
    "services/analytics/api/customers.py": 1,
    "services/analytics/api/tier_runs.py": 1,
    "services/service/api/cases.py": 1,
}
"""Every place where a route reads on the service's own behalf, with the number of such reads. A new
one belongs here only when its answer says nothing of records out of reach."""


def operations(house: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document_of(house)["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                yield f"{method} {path}", item[method]


@pytest.mark.parametrize("house", HOUSES)
def test_every_operation_takes_a_right_of_the_table(house: str) -> None:
    for name, operation in operations(house):
        if "x-public" not in operation:
            assert operation.get("x-right") in RIGHTS.names, name


@pytest.mark.parametrize("house", HOUSES)
def test_nothing_is_public_but_what_is_listed_here(house: str) -> None:
    found = {name for name, operation in operations(house) if "x-public" in operation}
    assert found == PUBLIC.get(house, set())


def test_every_right_of_the_table_is_taken_by_a_route_or_named_in_the_code() -> None:
    taken = {one.get("x-right") for house in HOUSES for _, one in operations(house)}
    code = "".join(
        file.read_text("utf-8")
        for room in ("events", "gateway")
        for file in (ROOT / room).rglob("*.py")
        if file.name != "rights.py"
    )
    unused = [right for right in RIGHTS.names if right not in taken and f'"{right}"' not in code]
    assert unused == []


def test_nothing_reads_past_the_scope_but_what_is_listed_here() -> None:
    found = {}
    for room in ("services", "gateway"):
        for file in sorted((ROOT / room).rglob("*.py")):
            if "api" in file.parts:
                text = file.read_text("utf-8")
                count = len(re.findall(r"\.unscoped\(|(runtime\(\)|here)\s*\.views", text))
                if count:
                    found[str(file.relative_to(ROOT))] = count
    assert found == PAST_THE_SCOPE


def personal_names() -> set[str]:
    """The names of all personal fields of all contracts."""
    paths = (path for one in all_contracts().values() for path in personal_fields(one))
    names = {part for path in paths for part in path.split("/")[-2:] if part not in ("", "*")}
    return names - NOT_PERSONAL


def api_modules(house: str) -> Iterator[Any]:
    room = "gateway" if house == "platform" else "services"
    for file in sorted((ROOT / room / house / "api").glob("*.py")):
        yield import_module(f"{room}.{house}.api.{file.stem}")


def schemas_of(house: str) -> Iterator[type[Schema]]:
    for module in api_modules(house):
        for one in vars(module).values():
            if (
                isinstance(one, type)
                and issubclass(one, Schema)
                and one.__module__ == module.__name__
            ):
                yield one


@pytest.mark.parametrize("house", HOUSES)
def test_what_is_personal_in_an_event_is_personal_in_an_answer(house: str) -> None:
    """By its name: an answer that shows a `name` or a `need` marks it."""
    wanted = personal_names()
    unmarked = [
        f"{schema.__module__}.{schema.__name__}.{name}"
        for schema in schemas_of(house)
        if not schema.__name__.endswith(("Params", "Body"))
        for name, field in schema().fields.items()
        if name in wanted and not _marked(field)
    ]
    assert sorted(set(unmarked) - NOBODYS) == []


def _marked(field: Any) -> bool:
    if field.metadata.get("pii") or field.metadata.get(EVENT_DATA):
        return True
    inner = field.inner if isinstance(field, fields.List) else field
    return isinstance(inner, fields.Nested) and bool(personal_fields(type(inner.schema)))
