"""Forms from outside: which are taken, what they refuse, and which may follow which."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.errors import Invalid
from gateway.platform.domain.forms import MAX_DEPTH, faults_of, narrowed, read_form

VISIT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["rooms"],
    "properties": {
        "rooms": {"type": "integer", "minimum": 1, "maximum": 50},
        "floor": {"enum": ["wood", "stone"]},
        "seen": {"type": "string", "format": "date"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
    },
    "$defs": {
        "part": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"a/b": {"type": "string"}},
        }
    },
}


def form(schema: Any) -> str:
    return read_form(schema, "/schema", of_object=False)


def pointers(schema: Any, *, of_object: bool = True) -> list[str]:
    with pytest.raises(Invalid) as error:
        read_form(schema, "/schema", of_object=of_object)
    return [one.pointer for one in error.value.faults]


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def deep(levels: int) -> dict[str, Any]:
    return closed(a=deep(levels - 1)) if levels else closed()


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        ({"type": "objct"}, "/schema/type"),
        ({"type": "string"}, "/schema/type"),
        (closed(a={"minimum": "x"}), "/schema/properties/a/minimum"),
        (closed(a={"pattern": "("}), "/schema/properties/a/pattern"),
        (closed(a={"pattern": "(?<=a)b"}), "/schema/properties/a/pattern"),
        (closed(a={"pattern": "(x{500}){500}"}), "/schema/properties/a/pattern"),
        (closed(a={"type": "string", "format": "colour"}), "/schema/properties/a/format"),
        (closed(a={"maxlength": 3}), "/schema/properties/a/maxlength"),
        (closed(a=3), "/schema/properties/a"),
        (closed(a={"anyOf": {}}), "/schema/properties/a/anyOf"),
        ({"type": "object", "properties": []}, "/schema/properties"),
        ({"type": "object", "properties": {}}, "/schema/additionalProperties"),
        (closed(a=closed(b={"properties": {}})), None),
        (closed(a={"$ref": "http://localhost/x"}), "/schema/properties/a/$ref"),
        (closed(a={"$ref": "file:///etc/passwd"}), "/schema/properties/a/$ref"),
        (closed(a={"$ref": "#"}), "/schema/properties/a/$ref"),
        (closed(a={"$ref": "#/$defs/x/y"}), "/schema/properties/a/$ref"),
        (closed(a={"$ref": 1}), "/schema/properties/a/$ref"),
        (closed(a={"$ref": "#/$defs/none"}), "/schema"),
        (closed(a={"$defs": {}}), "/schema/properties/a/$defs"),
        (closed(a={"$id": "urn:x"}), "/schema/properties/a/$id"),
        ({**closed(), "$schema": "http://json-schema.org/draft-04/schema#"}, "/schema/$schema"),
        (closed(a={"description": "x" * 16_000}), "/schema"),
        (deep(MAX_DEPTH + 1), None),
        ({**closed(), "$defs": {"a": {"$ref": "#/$defs/a"}}}, "/schema"),
        ({**closed(), "$defs": {"a": {"items": {"$ref": "#/$defs/b"}},
                                "b": {"not": {"$ref": "#/$defs/a"}}}}, "/schema"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused_where_it_is_wrong(schema: Any, where: str | None) -> None:
    found = pointers(schema)
    assert found
    assert where is None or where in found


def test_references_that_multiply_are_refused_before_anything_follows_them() -> None:
    doubled = {
        f"d{place}": {"anyOf": [{"$ref": f"#/$defs/d{place + 1}"}] * 2} for place in range(12)
    }
    schema = {**closed(), "$defs": {**doubled, "d12": {"type": "string"}}}
    assert pointers(schema) == ["/schema"]


def test_a_form_is_the_same_text_however_it_is_written() -> None:
    assert form(dict(reversed(VISIT.items()))) == form(VISIT)
    with pytest.raises(Invalid):
        form({"description": "anything at all"})


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"rooms": 3, "floor": "wood", "seen": "2026-02-28", "parts": [{"a/b": "x"}]}, []),
        ({}, ["/data/rooms"]),
        ({"rooms": "many"}, ["/data/rooms"]),
        ({"rooms": 51, "floor": "glass"}, ["/data/floor", "/data/rooms"]),
        ({"rooms": 1, "seen": "2026-02-30"}, ["/data/seen"]),
        ({"rooms": 1, "secret": 1, "other": 2}, ["/data/other", "/data/secret"]),
        ({"rooms": 1, "parts": [{}, {"a/b": 7}]}, ["/data/parts/1/a~1b"]),
        ([], ["/data"]),
    ],
)
def test_faults_are_named_by_their_place(data: Any, where: list[str]) -> None:
    assert sorted(one.pointer for one in faults_of(form(VISIT), data, "/data")) == where


def test_no_message_quotes_what_was_sent() -> None:
    for data in ({"rooms": "geheim"}, {"rooms": 1, "floor": "geheim", "seen": "geheim"}):
        for fault in faults_of(form(VISIT), data, "/data"):
            assert "geheim" not in fault.detail


def changed(**properties: Any) -> dict[str, Any]:
    return {**VISIT, "properties": {**VISIT["properties"], **properties}}


@pytest.mark.parametrize(
    ("newer", "told"),
    [
        (VISIT, ""),
        (changed(colour={"type": "string"}), ""),
        (changed(rooms={"type": "integer", "minimum": 0}), ""),
        (changed(floor={"enum": ["wood", "stone", "glass"]}), ""),
        ({**VISIT, "description": "of a site", "title": "Visit"}, ""),
        (changed(floor={"enum": ["wood"]}), "floor no longer takes 'stone'"),
        (changed(rooms={"type": "integer", "minimum": 2, "maximum": 50}), "rooms narrows minimum"),
        (changed(rooms={"type": "string"}), "rooms changes type"),
        (changed(seen=False), "seen changes"),
        ({**VISIT, "required": ["rooms", "floor"]}, "floor becomes required"),
        ({**VISIT, "required": []}, "rooms becomes optional"),
        ({**VISIT, "properties": {"rooms": {"type": "integer"}}}, "floor is removed"),
        ({**VISIT, "$defs": {"part": {"type": "string"}}}, "the whole changes $defs"),
        ({"type": "object"}, "the whole changes what"),
    ],
)
def test_a_newer_form_takes_what_the_older_one_took(newer: Any, told: str) -> None:
    found = narrowed(form(VISIT), form(newer))
    assert any(one.startswith(told) for one in found) if told else found == []


def test_what_was_anything_may_not_become_nothing() -> None:
    assert narrowed(form(closed(a=True)), form(closed(a=False))) != []
    assert narrowed(form(closed(a=True)), form(closed(a={}))) == []


# --- any two forms

WORDS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def some(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keywords)


def forms(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.fixed_dictionaries(
        {
            "type": st.just("object"),
            "additionalProperties": st.just(False),
            "properties": st.dictionaries(WORDS, inner, max_size=3),
        },
        optional={"required": st.lists(WORDS, unique=True, max_size=2)},
    )
    lists = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={"minItems": st.integers(0, 2), "maxItems": st.integers(0, 3)},
    )
    unions = st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
    return objects | lists | unions


LEAVES = (
    st.booleans()
    | some(
        type=st.sampled_from(["integer", "number", "string", "null"]), minimum=st.integers(-2, 2)
    )
    | some(enum=st.lists(WORDS, min_size=1, unique=True), maxLength=st.integers(0, 2))
    | some(const=VALUES)
)
FORMS = st.recursive(LEAVES, forms, max_leaves=5)


def mended(form: Any, draw: st.DataObject) -> Any:
    """The form with some of its parts changed, as somebody might who means well."""
    if not isinstance(form, dict) or draw.draw(st.booleans()):
        return draw.draw(FORMS) if draw.draw(st.integers(0, 3)) == 0 else form
    newer = {**form}
    if "properties" in form:
        newer["properties"] = {
            **{name: mended(one, draw) for name, one in form["properties"].items()},
            **draw.draw(st.dictionaries(WORDS, FORMS, max_size=1)),
        }
    if "items" in form:
        newer["items"] = mended(form["items"], draw)
    for bound in ("minimum", "minItems", "maxItems", "maxLength"):
        if bound in form:
            newer[bound] = max(0, form[bound] + draw.draw(st.integers(-1, 1)))
    if "enum" in form:
        newer["enum"] = sorted({*form["enum"], draw.draw(WORDS)})
    return newer


@settings(max_examples=300)
@given(FORMS, st.data(), st.lists(VALUES, min_size=1, max_size=20))
def test_what_may_follow_refuses_nothing_that_was_right(
    older: Any, draw: st.DataObject, values: list[Any]
) -> None:
    newer = mended(older, draw)
    try:
        before, after = (
            form({"items": older, "type": "array"}),
            form({"items": newer, "type": "array"}),
        )
    except Invalid:
        return
    if narrowed(before, after):
        return
    for value in values:
        if not faults_of(before, [value], ""):
            assert faults_of(after, [value], "") == []
