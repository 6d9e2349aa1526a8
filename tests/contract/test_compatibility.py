"""A published contract may only change in ways that stored events and old readers survive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from marshmallow import EXCLUDE

from events.contracts.base import Contract
from events.contracts.compatibility import refusals
from events.contracts.fields import (
    Amount,
    Anything,
    Code,
    Count,
    Flag,
    Id,
    ListOf,
    Money,
    Nested,
    OneOf,
    Text,
    Time,
)
from events.contracts.generate import Layout, outputs, run
from events.contracts.json_schema import json_schema

TYPE = "crm.sales.parcel.sent.v1"


def parcel(**fields: Any) -> type[Contract]:
    """A contract of these fields, outside the program's registry; None takes a field away."""
    body = {
        "parcel_id": Id(),
        "way": OneOf("road", "rail"),
        "pieces": Count(least=1, most=10),
        "note": Text(required=False, longest=100, pii=True),
        "tags": ListOf(Code(), shortest=1, longest=5),
        "fee": Money(),
        "stop": Nested(stop()),
    }
    kept = {name: field for name, field in (body | fields).items() if field is not None}
    schema = type("ParcelSent", (Contract,), {"__doc__": "A parcel left.", **kept})
    schema.NAME, schema.VERSION, schema.TYPE = TYPE.removesuffix(".v1"), 1, TYPE
    schema.AGGREGATE, schema.CONTEXT = "parcel", "sales"
    return schema


def stop(**fields: Any) -> type[Contract]:
    body = {"place": Code(), "at": Time(required=False)}
    kept = {name: field for name, field in (body | fields).items() if field is not None}
    return type("Stop", (Contract,), kept)


def changed(**fields: Any) -> list[str]:
    found = refusals(TYPE, json_schema(parcel()), json_schema(parcel(**fields)))
    return [str(one) for one in found]


INCOMPATIBLE = {
    "a removed field": ({"pieces": None}, "pieces is removed"),
    "a removed optional field": ({"note": None}, "note is removed"),
    "optional turned required": ({"note": Text(longest=100, pii=True)}, "note becomes required"),
    "required turned optional": (
        {"parcel_id": Id(required=False)},
        "parcel_id becomes optional",
    ),
    "a new required field": ({"sender": Id()}, "sender is new and required"),
    "another type": ({"pieces": Text()}, "pieces changes type from 'integer' to 'string'"),
    "any type": ({"pieces": Anything()}, "pieces changes type"),
    "a lost word": ({"way": OneOf("road")}, "way no longer takes 'rail'"),
    "words instead of text": ({"parcel_id": OneOf("a")}, "parcel_id changes enum"),
    "a raised minimum": ({"pieces": Count(least=2, most=10)}, "pieces narrows minimum from 1 to 2"),
    "a lowered maximum": ({"pieces": Count(least=1, most=9)}, "pieces narrows maximum"),
    "shorter text": ({"note": Text(required=False, longest=99, pii=True)}, "narrows maxLength"),
    "a new least length": (
        {"note": Text(required=False, shortest=1, longest=100, pii=True)},
        "note narrows minLength from nothing to 1",
    ),
    "fewer entries": ({"tags": ListOf(Code(), shortest=1, longest=4)}, "tags narrows maxItems"),
    "more entries": ({"tags": ListOf(Code(), shortest=2, longest=5)}, "tags narrows minItems"),
    "other entries": ({"tags": ListOf(Id(), shortest=1, longest=5)}, "tags[] changes pattern"),
    "another pattern": ({"parcel_id": Code()}, "parcel_id changes pattern"),
    "a dearer least": ({"fee": Money(least="1")}, "fee changes x-at-least from nothing to '1'"),
    "a removed inner field": ({"stop": Nested(stop(at=None))}, "stop.at is removed"),
    "a new required inner field": (
        {"stop": Nested(stop(gate=Code()))},
        "stop.gate is new and required",
    ),
    "an unmarked personal field": (
        {"note": Text(required=False, longest=100)},
        "note is no longer marked as personal data",
    ),
    "an object instead of an amount": ({"fee": Amount()}, "fee changes type"),
}

COMPATIBLE = {
    "nothing": {},
    "a new optional field": {"sender": Id(required=False)},
    "a new optional object": {"sender": Nested(stop(), required=False)},
    "one more word": {"way": OneOf("road", "rail", "air")},
    "words in another order": {"way": OneOf("rail", "road")},
    "wider bounds": {"pieces": Count(least=0, most=20)},
    "longer text": {"note": Text(required=False, longest=200, pii=True)},
    "longer lists": {"tags": ListOf(Code(), longest=9)},
    "a new optional inner field": {"stop": Nested(stop(gate=Code(required=False)))},
    "a description": {"parcel_id": Id(description="on the label")},
    "a new mark for personal data": {"parcel_id": Id(pii=True)},
    "an optional flag": {"fragile": Flag(required=False)},
}


@pytest.mark.parametrize(("fields", "complaint"), INCOMPATIBLE.values(), ids=list(INCOMPATIBLE))
def test_a_change_that_breaks_somebody_is_refused(fields: dict[str, Any], complaint: str) -> None:
    sentences = changed(**fields)
    assert any(complaint in one for one in sentences), sentences


@pytest.mark.parametrize("fields", COMPATIBLE.values(), ids=list(COMPATIBLE))
def test_a_change_that_breaks_nobody_is_fine(fields: dict[str, Any]) -> None:
    assert changed(**fields) == []


def test_an_opened_schema_changes_the_meaning_of_unknown_fields() -> None:
    class Open(parcel()):  # type: ignore[misc]
        class Meta:
            unknown = EXCLUDE

    Open.TYPE = TYPE
    found = refusals(TYPE, json_schema(parcel()), json_schema(Open))
    assert "the event changes what happens to unknown fields" in str(found[0])


def test_a_keyword_without_a_rule_is_refused_rather_than_guessed() -> None:
    old = json_schema(parcel())
    assert refusals(TYPE, old, {**old, "maxProperties": 3})


def test_the_refusal_says_what_to_do() -> None:
    assert changed(pieces=None) == [
        "crm.sales.parcel.sent.v1: pieces is removed. Keep v1 as it is, add "
        "crm.sales.parcel.sent.v2 and an upcaster from version 1."
    ]


@pytest.fixture
def published(tmp_path: Path) -> Layout:
    """A repository in which the parcel is published."""
    layout = Layout(tmp_path)
    assert run({TYPE: parcel()}, layout, check=False)[0] == 0
    return layout


@pytest.mark.parametrize("check", [True, False])
def test_the_gate_refuses_a_planted_incompatible_change(published: Layout, check: bool) -> None:
    before = published.schema(TYPE).read_text("utf-8")
    code, message = run({TYPE: parcel(pieces=None)}, published, check=check)
    assert code == 1
    assert "pieces is removed" in message
    assert published.schema(TYPE).read_text("utf-8") == before


@pytest.mark.parametrize("check", [True, False])
def test_the_gate_refuses_that_a_published_version_disappears(
    published: Layout, check: bool
) -> None:
    code, message = run({}, published, check=check)
    assert code == 1
    assert "may be in a log for ever" in message
    assert published.schema(TYPE).exists()


def test_a_compatible_change_is_stale_until_it_is_written(published: Layout) -> None:
    grown = {TYPE: parcel(sender=Id(required=False))}
    code, message = run(grown, published, check=True)
    assert code == 1
    assert '+    "sender": {' in message
    assert run(grown, published, check=False)[0] == 0
    assert run(grown, published, check=True)[0] == 0


def test_checking_changes_no_file(published: Layout) -> None:
    grown = {TYPE: parcel(sender=Id(required=False))}
    before = {path: path.read_bytes() for path in outputs(grown, published)}
    run(grown, published, check=True)
    assert {path: path.read_bytes() for path in before} == before


def test_nothing_but_the_files_is_left_behind(published: Layout) -> None:
    names = {path.name for path in published.published.iterdir()}
    assert names == {f"{TYPE}.json", "asyncapi.yaml"}
