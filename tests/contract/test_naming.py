"""Names on the wire are one language: past tense, lower snake case, one owner for each stream."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pytest
from marshmallow import Schema, fields

from events.contracts.base import all_contracts
from tests.contract.goldens import EVERY_TYPE

CONTEXTS = {"marketing", "sales", "service", "analytics", "platform"}
IRREGULAR = {"lost", "won", "sent", "set", "met", "left", "held", "paid", "begun", "due", "put"}
"""Past forms (and `due`: a reminder became due) that don't end in -ed."""

_TYPE = re.compile(r"crm\.([a-z]+)\.([a-z]+(?:_[a-z]+)*)\.([a-z]+(?:_[a-z]+)*)\.v([1-9]\d*)")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_the_type_says_context_aggregate_fact_and_version(wire_type: str) -> None:
    contract = all_contracts()[wire_type]
    parts = _TYPE.fullmatch(wire_type)
    assert parts, wire_type
    assert parts.groups() == (
        contract.CONTEXT,
        contract.AGGREGATE,
        contract.NAME.rpartition(".")[2],
        str(contract.VERSION),
    )
    assert contract.CONTEXT in CONTEXTS


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_the_context_is_the_module_that_declares_it(wire_type: str) -> None:
    contract = all_contracts()[wire_type]
    assert contract.__module__ == f"events.contracts.{contract.CONTEXT}"


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_the_fact_is_in_the_past_tense(wire_type: str) -> None:
    last = wire_type.split(".")[3].split("_")[-1]
    assert last.endswith("ed") or last in IRREGULAR


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_fields_are_lower_snake_case(wire_type: str) -> None:
    names = list(names_of(all_contracts()[wire_type]()))
    assert [name for name in names if not _NAME.fullmatch(name)] == []


def names_of(schema: Schema) -> list[str]:
    found = []
    for name, field in schema.fields.items():
        found.append(field.data_key or name)
        inner = field
        while isinstance(inner, fields.List):
            inner = inner.inner
        if isinstance(inner, fields.Nested):
            found += names_of(inner.schema)
    return found


def test_an_aggregate_type_belongs_to_one_context() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for one in all_contracts().values():
        owners[one.AGGREGATE].add(one.CONTEXT)
    assert {name: who for name, who in owners.items() if len(who) > 1} == {}


def test_a_class_name_is_one_event() -> None:
    titles = Counter((one.__name__, one.VERSION) for one in all_contracts().values())
    assert [name for name, count in titles.items() if count > 1] == []


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_times_and_durations_say_so(wire_type: str) -> None:
    """A duration names its unit, so that nobody takes seconds for milliseconds."""
    names = names_of(all_contracts()[wire_type]())
    assert [name for name in names if re.search(r"(elapsed|duration|late_by|wait)$", name)] == []
