"""What an installation adds to the platform's words: types of events, and fields of customers.

A type is an aggregate; the fields of customers are one together, for all values of one change are
checked at once. A form that follows another takes whatever that took: nobody who writes by the old
one is refused by the new one. Registering the same again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from immutables import Map

from events.contracts.base import Fact, fact
from events.contracts.platform import FieldRegistered, SchemaRegistered
from events.deciding import Decider, Scope
from events.errors import Invalid, RuleBroken
from gateway.platform.domain.forms import narrowed

ON_CUSTOMERS = "customer"
"""The id of the one aggregate of fields."""

MAX_FIELDS = 300

_TYPE = re.compile(r"(?!crm\.)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,3}")


@dataclass(frozen=True, slots=True)
class Form:
    """The newest version; version 0 is not registered yet."""

    version: int = 0
    description: str = ""
    schema: str = ""


@dataclass(frozen=True, slots=True)
class RegisterType:
    """`schema` as `forms.read_form` gives it."""

    name: str
    description: str
    schema: str


@dataclass(frozen=True, slots=True)
class RegisterField:
    """`schema` as `forms.read_form` gives it."""

    name: str
    description: str
    schema: str


@dataclass(frozen=True, slots=True)
class Fields:
    """The forms of all fields of customers."""

    forms: Map[str, Form] = field(default_factory=Map)


def _decide_type(known: Form, command: RegisterType) -> Sequence[Fact]:
    """Raises Invalid for the name, RuleBroken `incompatible-schema`."""
    if not _TYPE.fullmatch(command.name):
        raise Invalid("a type's name is two to four words like visit.site_survey, none of crm's")
    version = _following(known, command)
    if version is None:
        return []
    return [
        fact(
            SchemaRegistered,
            type=command.name,
            type_version=version,
            subject="customer",
            description=command.description,
            json_schema=command.schema,
        )
    ]


def _decide_field(known: Fields, command: RegisterField) -> Sequence[Fact]:
    """Raises RuleBroken `incompatible-schema` or `too-many-fields`."""
    if command.name not in known.forms and len(known.forms) >= MAX_FIELDS:
        raise RuleBroken("too-many-fields", f"customers have {MAX_FIELDS} own fields already")
    version = _following(known.forms.get(command.name, Form()), command)
    if version is None:
        return []
    return [
        fact(
            FieldRegistered,
            on=ON_CUSTOMERS,
            field=command.name,
            field_version=version,
            description=command.description,
            json_schema=command.schema,
        )
    ]


def _following(known: Form, command: RegisterType | RegisterField) -> int | None:
    """The version that this would be; None when it is what is known."""
    if known.version and (lost := narrowed(known.schema, command.schema)):
        raise RuleBroken(
            "incompatible-schema",
            f"version {known.version} takes data that this would refuse: {'; '.join(lost[:5])}."
            " Keep what there is and add what is optional, or choose another name.",
            version=known.version,
            refusals=lost,
        )
    same = (known.description, known.schema) == (command.description, command.schema)
    return None if same else known.version + 1


def _type_after(_known: Form, one: Fact) -> Form:
    return _form(one, "type_version")


def _fields_after(known: Fields, one: Fact) -> Fields:
    return Fields(known.forms.set(one.data["field"], _form(one, "field_version")))


def _form(one: Fact, version: str) -> Form:
    return Form(one.data[version], one.data["description"], one.data["json_schema"])


TYPE: Decider[Form, RegisterType] = Decider(
    aggregate="schema",
    initial=Form(),
    decide=_decide_type,
    evolve=_type_after,
    subject=lambda _: None,
    scope=lambda _: Scope(),
)

FIELDS: Decider[Fields, RegisterField] = Decider(
    aggregate="field",
    initial=Fields(),
    decide=_decide_field,
    evolve=_fields_after,
    subject=lambda _: None,
    scope=lambda _: Scope(),
)
