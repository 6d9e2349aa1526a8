"""The published schemas say exactly what the code enforces."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validates_schema

from events.contracts import fields as ours
from events.contracts.base import all_contracts, check
from events.contracts.fields import personal_fields
from events.contracts.json_schema import PERSONAL, json_schema, property_schema
from events.errors import Invalid
from tests.contract.goldens import EVERY_EXAMPLE, EVERY_TYPE, GOLDENS
from tests.contract.mutants import ODDITIES, mutants


def validator_of(wire_type: str) -> jsonschema_rs.Draft202012Validator:
    schema = json_schema(all_contracts()[wire_type])
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def holds(wire_type: str, data: Any) -> bool:
    """The verdict of our own check; only objects are ever given to it."""
    try:
        check(wire_type, data)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_every_schema_is_a_valid_closed_one(wire_type: str) -> None:
    schema = json_schema(all_contracts()[wire_type])
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == f"urn:throughline:schema:{wire_type}"
    assert schema["additionalProperties"] is False
    assert schema["description"], "say in the docstring what happened"


@pytest.mark.parametrize(("wire_type", "kind"), EVERY_EXAMPLE)
def test_the_schema_accepts_the_golden_examples(wire_type: str, kind: str) -> None:
    validator_of(wire_type).validate(GOLDENS.load(wire_type)[kind])


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_schema_and_check_agree_on_every_mutant(wire_type: str) -> None:
    validator = validator_of(wire_type)
    changed = [
        (what, data)
        for what, data in mutants(GOLDENS.load(wire_type)["full"])
        if isinstance(data, dict)
    ]
    verdicts = [(what, validator.is_valid(data), holds(wire_type, data)) for what, data in changed]
    assert [one for one in verdicts if one[1] != one[2]] == []
    assert {schema for _, schema, _ in verdicts} == {True, False}, "the mutants prove nothing"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(ODDITIES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(changes=st.data(), wire_type=st.sampled_from(EVERY_TYPE))
def test_the_schema_accepts_nothing_that_check_refuses(changes: Any, wire_type: str) -> None:
    data = dict(GOLDENS.load(wire_type)["full"])
    names = changes.draw(st.lists(st.sampled_from(sorted(data)), min_size=1, max_size=2))
    data |= {name: changes.draw(JSON) for name in names}
    assert not validator_of(wire_type).is_valid(data) or holds(wire_type, data)


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_every_personal_field_is_marked(wire_type: str) -> None:
    contract = all_contracts()[wire_type]
    assert set(marked(json_schema(contract))) == set(personal_fields(contract))


def marked(schema: dict[str, Any], at: str = "") -> list[str]:
    found = [at] if schema.get(PERSONAL) else []
    for name, inner in schema.get("properties", {}).items():
        found += marked(inner, f"{at}/{name}")
    return found + (marked(schema["items"], f"{at}/*") if "items" in schema else [])


class Shape(Schema):
    """Fields that no contract has yet."""

    free = ours.Money(least=None)
    costly = ours.Money(least="10")
    few = ours.Count(least=1, most=5)


def test_bounds_of_money_and_numbers_are_told() -> None:
    shape = Shape().fields
    assert property_schema(shape["free"])["properties"]["amount"]["pattern"].startswith("^(?:-?")
    assert property_schema(shape["costly"])["x-at-least"] == "10"
    assert property_schema(shape["few"]) == {"type": "integer", "minimum": 1, "maximum": 5}


class Even(ours.Count):
    """A form of its own on top of one that is known."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        number = super()._deserialize(value, attr, data, **kwargs)
        if number % 2:
            raise ValidationError("must be even")
        return number


class Ordered(Schema):
    """A rule across fields."""

    low = ours.Count()
    high = ours.Count()

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data["low"] > data["high"]:
            raise ValidationError("low is above high")


@pytest.mark.parametrize(
    "field",
    [
        fields.Email(),
        fields.Float(),
        fields.String(validate=lambda text: text != "never"),
        Even(),
        ours.Nested(Ordered),
    ],
    ids=["email", "float", "function", "own form", "rule across fields"],
)
def test_a_field_that_cannot_be_told_exactly_is_refused(field: Any) -> None:
    with pytest.raises(TypeError):
        property_schema(field)
