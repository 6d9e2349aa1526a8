"""A field that looks personal is marked, or named here with the reason why it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from events.contracts import fields as ours
from events.contracts.base import all_contracts
from tests.contract.goldens import EVERY_TYPE

WORDS = frozenset(
    """
    name names firstname surname birth birthday birthdate gender passport iban member
    phone mobile fax email mail address addresses street city postcode contact contacts
    raw summary verbatim comment comments note notes resolution text question answer answers
    subject need message description
    """.split()  # noqa: SIM905 - a list of so many words reads better as words
)
"""Words of a field's path that speak of a person or of what a person wrote."""

OF_TIMES = frozenset({"birth", "birthday", "birthdate"})
"""A time speaks of a person only where it is one's birth."""

LONG = 250
"""Text that may be longer than this holds sentences, and sentences hold anything."""

NOT_PERSONAL = {
    "crm.platform.directory.org_unit_changed.v1 name": "of a part of the enterprise",
    "crm.platform.note.added.v1 note_id": "an id tells nothing of the note",
    "crm.platform.note.user_mentioned.v1 note_id": "an id tells nothing of the note",
    "crm.platform.schema.registered.v1 description": "of a form, and of no person",
    "crm.platform.schema.registered.v1 json_schema": "of a form, and of no person",
    "crm.platform.field.registered.v1 description": "of a form, and of no person",
    "crm.platform.field.registered.v1 json_schema": "of a form, and of no person",
    "crm.platform.subscription.created.v1 url": "of a machine that takes events",
    "crm.platform.subscription.created.v1 description": "says what that machine is for",
    "crm.service.interaction.started.v1 address_hash": "a keyed hash tells nobody the address",
    "crm.sales.opportunity.stage_advanced.v1 evidence[].reference": "names a document by its title",
}

_CLOSED = (ours.OneOf, ours.Amount, ours.Currency, fields.Integer, fields.Boolean, fields.Nested)
"""A word from a list or a number can't hold what a person wrote."""

Leaf = tuple[str, fields.Field[Any]]


def leaves(schema: Schema, at: str = "") -> Iterator[Leaf]:
    """Every field that holds a value itself, with its path."""
    for name, field in schema.fields.items():
        path, inner = f"{at}{name}", field
        while isinstance(inner, fields.List):
            path, inner = f"{path}[]", inner.inner
        if isinstance(inner, fields.Nested):
            yield from leaves(inner.schema, f"{path}.")
        else:
            yield path, inner


def looks_personal(path: str, field: fields.Field[Any]) -> bool:
    if isinstance(field, _CLOSED):
        return False
    words = set(path.replace("[]", "").replace(".", "_").split("_"))
    if isinstance(field, ours.Time):
        return bool(OF_TIMES & words)
    return bool(WORDS & words) or isinstance(field, ours.Anything) or _longest(field) > LONG


def _longest(field: fields.Field[Any]) -> int:
    if not isinstance(field, ours.Text):
        return 0
    return max(int(one.max or 0) for one in field.validators if isinstance(one, validate.Length))


def unmarked(wire_type: str, schema: Schema) -> list[str]:
    return [
        f"{wire_type} {path}"
        for path, field in leaves(schema)
        if looks_personal(path, field) and not field.metadata.get("pii")
    ]


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_what_looks_personal_is_marked(wire_type: str) -> None:
    found = unmarked(wire_type, all_contracts()[wire_type]())
    assert [one for one in found if one not in NOT_PERSONAL] == [], "mark it: pii=True"


def test_every_exception_is_still_needed() -> None:
    needed = {one for name in EVERY_TYPE for one in unmarked(name, all_contracts()[name]())}
    assert set(NOT_PERSONAL) == needed & set(NOT_PERSONAL)


class Careless(Schema):
    """Everything here but `resolution`, `kind` and `marked` should be found."""

    full_name = ours.Text(longest=100)
    birth_date = ours.Time()
    resolution = ours.Time()
    verbatim = ours.Text(longest=100)
    story = ours.Text()
    old = ours.Anything()
    phones = ours.ListOf(ours.Text(longest=20))
    contact_points = ours.ListOf(ours.Text(longest=20))
    kind = ours.OneOf("a")
    marked = ours.Text(pii=True)


def test_unmarked_fields_are_found() -> None:
    found = [one.removeprefix("x ") for one in unmarked("x", Careless())]
    assert found == ["full_name", "birth_date", "verbatim", "story", "old", "contact_points[]"]
