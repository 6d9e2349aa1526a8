"""How a contract is written: a marshmallow schema with a wire name, a version and an aggregate.

    @contract("crm.sales.order.placed", version=1, aggregate="order")
    class OrderPlaced(Contract):
        \"\"\"A customer ordered; the totals add up.\"\"\"

        order_id = Id()
        total = Money()

A `Fact` is what a decision yields: a contract and its JSON-shaped data, checked strictly when it
is made, so nothing malformed can reach a store. Readers are tolerant: they take from the data the
fields that they know, at any depth, and never validate the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import RAISE, Schema

from events.contracts.accepting import acceptor
from events.contracts.shape import Contract, Data
from events.errors import FieldFault, Invalid

__all__ = [
    "Contract",
    "Data",
    "Fact",
    "all_contracts",
    "check",
    "contract",
    "fact",
    "flatten_faults",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """An event before it is committed: its wire type and its data."""

    type: str
    data: Data


C = TypeVar("C", bound=type[Contract])

_by_type: dict[str, type[Contract]] = {}
_strict: dict[str, Schema] = {}
_accepts: dict[str, Callable[[Data], bool]] = {}


def contract(name: str, *, version: int, aggregate: str) -> Callable[[C], C]:
    """Registers a schema under `<name>.v<version>`; the context is the name's second part."""

    def register(schema: C) -> C:
        wire_type = f"{name}.v{version}"
        if wire_type in _by_type:
            raise ValueError(f"two contracts for {wire_type}")
        schema.NAME, schema.VERSION, schema.TYPE = name, version, wire_type
        schema.AGGREGATE, schema.CONTEXT = aggregate, name.split(".")[1]
        _by_type[wire_type] = schema
        return schema

    return register


def all_contracts() -> Mapping[str, type[Contract]]:
    """Every registered contract by wire type; complete once `events.contracts` is imported."""
    return _by_type


def fact(schema: type[Contract], /, **data: Any) -> Fact:
    """A checked fact. Keys whose value is None are left out. Raises `Invalid` naming the field."""
    body = {key: value for key, value in data.items() if value is not None}
    check(schema.TYPE, body)
    return Fact(schema.TYPE, body)


def check(wire_type: str, data: Data) -> None:
    """Strict check on the producer's side."""
    accepts = _accepts.get(wire_type) or _acceptor(wire_type)
    if accepts(data):
        return
    schema = _strict.get(wire_type)
    if schema is None:
        schema = _strict[wire_type] = _by_type[wire_type](unknown=RAISE)
    faults = schema.validate(dict(data))
    if faults:
        raise Invalid(f"{wire_type} does not hold its contract", flatten_faults(faults))


def _acceptor(wire_type: str) -> Callable[[Data], bool]:
    return _accepts.setdefault(wire_type, acceptor(_by_type[wire_type]))


def flatten_faults(messages: Any, pointer: str = "") -> list[FieldFault]:
    """marshmallow's nested messages as RFC 6901 pointers, one fault each."""
    if isinstance(messages, Mapping):
        faults: list[FieldFault] = []
        for key, inner in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            faults.extend(flatten_faults(inner, pointer + step))
        return faults
    if isinstance(messages, list):
        return [fault for inner in messages for fault in flatten_faults(inner, pointer)]
    return [FieldFault(pointer or "", str(messages))]
