"""Cursors and filters of paging, without a database."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from bson.decimal128 import Decimal128

from events.http.encoding import public, to_json
from events.http.paging import (
    Sort,
    after_keys,
    decode_cursor,
    encode_cursor,
    fingerprint,
)
from events.http.problem import Problem

NOON = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)


def forged(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("value", "back"),
    [
        ("Rīga", "Rīga"),
        ("", ""),
        (7, 7),
        (-(2**63), -(2**63)),
        (1.5, 1.5),
        (None, None),
        (True, True),
        (NOON, NOON),
        (NOON.replace(tzinfo=None), NOON),
        (Decimal("12.50"), Decimal128("12.50")),
        (Decimal128("12.50"), Decimal128("12.50")),
    ],
)
def test_a_cursor_brings_values_back(value: Any, back: Any) -> None:
    cursor = encode_cursor("mark", [value, "id"])
    assert "=" not in cursor
    assert decode_cursor(cursor, "mark", 2) == [back, "id"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "ü",
        "AAAA",
        forged({}),
        forged([]),
        forged("mark"),
        forged(["mark"]),
        forged(["mark", 1]),
        forged(["mark", 1, 2, 3]),
        forged(["other", 1, 2]),
        forged(["mark", {"$gt": ""}, 2]),
        forged(["mark", {"t": "noon"}, 2]),
        forged(["mark", {"t": 5}, 2]),
        forged(["mark", {"t": "0001-01-01T00:00:00+14:00"}, 2]),
        forged(["mark", {"d": "12,5"}, 2]),
        forged(["mark", {"d": 5}, 2]),
        forged(["mark", {"d": "1" * 50}, 2]),
        forged(["mark", {"t": "a", "d": "b"}, 2]),
        forged(["mark", {}, 2]),
        forged(["mark", [1], 2]),
        forged(["mark", 2**63, 2]),
        "[" * 3000,
    ],
)
def test_a_bad_cursor_is_a_bad_parameter(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor, "mark", 2)
    assert caught.value.status == 400
    assert caught.value.errors[0]["parameter"] == "cursor"


def test_a_fingerprint_knows_filter_and_sort() -> None:
    newest = Sort.by("-at")
    mark = fingerprint({"customer_id": "c", "at": {"$lte": NOON}}, newest)
    assert mark == fingerprint({"at": {"$lte": NOON}, "customer_id": "c"}, newest)
    assert mark != fingerprint({"customer_id": "d", "at": {"$lte": NOON}}, newest)
    assert mark != fingerprint({"customer_id": "c"}, newest)
    assert mark != fingerprint({"customer_id": "c", "at": {"$lte": NOON}}, Sort.by("at"))


def test_a_sort_always_ends_with_the_id() -> None:
    assert Sort.by("-at").keys == (("at", -1), ("_id", -1))
    assert Sort.by("name").keys == (("name", 1), ("_id", 1))
    assert Sort.by("_id").keys == (("_id", 1),)
    assert Sort.parse("-total", {"total": "sum.amount"}).keys == (("sum.amount", -1), ("_id", -1))


@pytest.mark.parametrize("text", ["", "-", "--at", "at,name", "$where", "_id"])
def test_an_unknown_sort_is_a_bad_parameter(text: str) -> None:
    with pytest.raises(Problem) as caught:
        Sort.parse(text, {"at": "at", "name": "name"})
    assert caught.value.status == 400
    assert caught.value.errors == [
        {"parameter": "sort", "detail": "must be one of at, name, or -<one of them>"}
    ]


def test_nothing_sorts_below_null() -> None:
    assert after_keys(Sort.by("-a"), [None, "x"]) == {
        "a": None,
        "$or": [{"a": None, "_id": {"$not": {"$gte": "x"}}}],
    }


def test_documents_look_the_same_everywhere() -> None:
    document = {
        "_id": "o-1",
        "_inner": 1,
        "at": NOON,
        "naive": NOON.replace(tzinfo=None),
        "total": Decimal("1E+2"),
        "sum": Decimal128("0.10"),
        "words": {"b", "a"},
    }
    assert orjson.loads(to_json(public(document))) == {
        "id": "o-1",
        "at": "2026-01-31T12:00:00.005Z",
        "naive": "2026-01-31T12:00:00.005Z",
        "total": "100",
        "sum": "0.10",
        "words": ["a", "b"],
    }
