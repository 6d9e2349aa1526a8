"""Own events and own fields of customers, checked against their forms when they are written.

Each event is a stream of its own, so that none grows for ever; a customer's fields are one stream.
Both are streams `custom-<id>`: an id that is an event's is no customer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from immutables import Map

from events.contracts.base import Fact, fact
from events.contracts.platform import CustomFieldsSet, CustomRecorded
from events.deciding import Decider, Scope
from events.errors import FieldFault, Invalid, NotFound
from events.types import CustomerId
from gateway.platform.domain.forms import faults_of
from gateway.platform.domain.own_types import Fields, Form


@dataclass(frozen=True, slots=True)
class RecordCustom:
    """`form` is what the store knows of the type."""

    record_id: str
    customer_id: CustomerId
    type: str
    form: Form
    data: Mapping[str, Any]
    scope: Scope


@dataclass(frozen=True, slots=True)
class SetFields:
    """`fields` is what the store knows of them; `scope` is where the customer belongs."""

    customer_id: CustomerId
    values: Mapping[str, Any]
    fields: Fields
    scope: Scope


@dataclass(frozen=True, slots=True)
class Custom:
    """Whose it is, and the values of his own fields; `event` tells that it is no set of fields."""

    customer_id: CustomerId | None = None
    scope: Scope = field(default_factory=Scope)
    values: Map[str, Any] = field(default_factory=Map)
    event: bool = False


def _record(_state: Custom, command: RecordCustom) -> Sequence[Fact]:
    """Raises Invalid naming `/type`, or each place in `/data`."""
    if not command.form.version:
        raise _invalid([FieldFault("/type", "must be a registered type")])
    if faults := _faults(command.form, command.data, "/data"):
        raise _invalid(faults)
    return [
        fact(
            CustomRecorded,
            record_id=command.record_id,
            customer_id=command.customer_id,
            type=command.type,
            type_version=command.form.version,
            data=command.data,
            scope=command.scope.to_data(),
        )
    ]


def _set(state: Custom, command: SetFields) -> Sequence[Fact]:
    """Raises Invalid naming each field, or each place in its value."""
    if state.event:
        raise NotFound("customer", command.customer_id)
    forms = command.fields.forms
    faults = [one for name in command.values for one in _of_field(forms, name, command.values)]
    if faults:
        raise _invalid(faults)
    fresh = {
        name: value for name, value in command.values.items() if _differs(state.values, name, value)
    }
    if not fresh:
        return []
    scope = state.scope if state.customer_id else command.scope
    return [
        fact(
            CustomFieldsSet,
            customer_id=command.customer_id,
            values=fresh,
            field_versions={name: forms[name].version for name in fresh},
            scope=scope.to_data(),
        )
    ]


def _of_field(
    forms: Mapping[str, Form], name: str, values: Mapping[str, Any]
) -> Iterator[FieldFault]:
    at = "/values/" + name.replace("~", "~0").replace("/", "~1")
    if name not in forms:
        yield FieldFault(at, "must be a registered field")
    elif values[name] is not None:
        yield from _faults(forms[name], values[name], at)


def _differs(known: Mapping[str, Any], name: str, value: Any) -> bool:
    """1, 1.0 and true are equal in Python, and three things in JSON."""
    before = known.get(name)
    return repr(before) != repr(value)


def _faults(form: Form, value: Any, at: str) -> list[FieldFault]:
    return [*_unstorable(value, at), *faults_of(form.schema, value, at)]


def _unstorable(value: Any, at: str) -> Iterator[FieldFault]:
    """Names with a dollar mean something to the database."""
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[Any, Any]] = value.items()
    else:
        pairs = enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        where = f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"
        if isinstance(key, str) and key.startswith("$"):
            yield FieldFault(where, "must not begin with a dollar")
        yield from _unstorable(inner, where)


def _invalid(faults: list[FieldFault]) -> Invalid:
    return Invalid("the data are not of the form that was registered", faults)


def _after(state: Custom, one: Fact) -> Custom:
    data = one.data
    if one.type == CustomRecorded.TYPE:
        return Custom(data["customer_id"], Scope(**data["scope"]), event=True)
    values = state.values
    for name, value in data["values"].items():
        values = values.set(name, value) if value is not None else values.delete(name)
    return Custom(data["customer_id"], Scope(**data["scope"]), values)


CUSTOM_EVENT: Decider[Custom, RecordCustom] = Decider(
    aggregate="custom",
    initial=Custom(),
    decide=_record,
    evolve=_after,
    subject=lambda state: state.customer_id,
    scope=lambda state: state.scope,
)

CUSTOM_FIELDS: Decider[Custom, SetFields] = Decider(
    aggregate="custom",
    initial=Custom(),
    decide=_set,
    evolve=_after,
    subject=lambda state: state.customer_id,
    scope=lambda state: state.scope,
)
