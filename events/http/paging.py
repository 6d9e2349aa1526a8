"""Cursor paging by keyset: stable under inserts, no total, every page as cheap as the first.

A cursor holds the sort values of the last document and a fingerprint of filter and sort; with
another filter or sort it is refused. It is opaque, but no secret and no permission: all it can do
is to choose where the page of an already permitted list begins.

A sorted field holds values of one kind, or none: null sorts before everything, as in MongoDB.
Every sort ends with `_id`; an index on (filter fields, sort fields, `_id`) serves each page.
"""

from __future__ import annotations

import base64
import hashlib
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from typing import Any

import orjson
from bson.decimal128 import Decimal128

from events.http.encoding import to_json
from events.http.params import DEFAULT_LIMIT
from events.http.problem import Problem, bad_parameter
from events.mongodb import Readable
from events.types import format_time, parse_time

Document = dict[str, Any]
MAX_TIME_MS = 2_000
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Sort:
    """Fields with 1 or -1; `_id` comes last, in the direction of the field before it."""

    keys: tuple[tuple[str, int], ...]

    @classmethod
    def by(cls, *names: str) -> Sort:
        """`Sort.by("-placed_at")`: newest first."""
        keys = [(name.removeprefix("-"), -1 if name.startswith("-") else 1) for name in names]
        if not any(name == "_id" for name, _ in keys):
            keys.append(("_id", keys[-1][1] if keys else 1))
        return cls(tuple(keys))

    @classmethod
    def parse(cls, text: str, allowed: Mapping[str, str]) -> Sort:
        """`allowed` maps the names that callers use to fields; raises 400 naming `sort`."""
        name = text.removeprefix("-")
        if name not in allowed:
            raise bad_parameter("sort", f"must be one of {', '.join(allowed)}, or -<one of them>")
        return cls.by(text[: len(text) - len(name)] + allowed[name])


@dataclass(frozen=True, slots=True)
class Page:
    """`following` is the document after the last item: None on the last page."""

    items: Sequence[Document]
    next_cursor: str | None
    following: Document | None = None


def page_of(
    collection: Readable,
    filter: Mapping[str, Any],
    *,
    sort: Sort,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    projection: Sequence[str] | None = None,
    max_time_ms: int = MAX_TIME_MS,
) -> Page:
    """One page; raises 400 naming `cursor` for one that is malformed or of another list.

    A `projection` must contain the sort fields.
    """
    query: Mapping[str, Any] = filter
    if cursor is not None:
        after = decode_cursor(cursor, fingerprint(filter, sort), len(sort.keys))
        query = {"$and": [filter, after_keys(sort, after)]} if filter else after_keys(sort, after)
    found = list(
        collection.find(query, projection)
        .sort(list(sort.keys))
        .limit(limit + 1)
        .batch_size(limit + 2)
        .max_time_ms(max_time_ms)
    )
    items, following = found[:limit], found[limit] if len(found) > limit else None
    next_cursor = None
    if following is not None:
        next_cursor = encode_cursor(fingerprint(filter, sort), _keys_of(items[-1], sort))
    return Page(items, next_cursor, following)


def after_keys(sort: Sort, values: Sequence[Any]) -> Document:
    """The filter for everything that sorts after `values`, lexicographically.

    The first field is bounded once more on its own, so that the index is entered at the right
    place; the alternatives then only sort out its ties.
    """
    same: Document = {}
    alternatives: list[Document] = []
    for (name, direction), value in zip(sort.keys, values, strict=True):
        if (beyond := _beyond(value, direction)) is not None:
            alternatives.append({**same, name: beyond})
        same[name] = value
    (first, direction), value = sort.keys[0], values[0]
    return {**_bound(first, value, direction), "$or": alternatives}


def _beyond(value: Any, direction: int) -> Document | None:
    """Strictly after the value; None when nothing can be. Null is the least value."""
    if value is None:
        return {"$ne": None} if direction > 0 else None
    return {"$gt": value} if direction > 0 else {"$not": {"$gte": value}}


def _bound(name: str, value: Any, direction: int) -> Document:
    """Not before the value; from null on upwards that is everything."""
    if value is None:
        return {} if direction > 0 else {name: None}
    return {name: {"$gte": value} if direction > 0 else {"$not": {"$gt": value}}}


def _keys_of(document: Document, sort: Sort) -> list[Any]:
    return [_at(document, name) for name, _ in sort.keys]


def _at(document: Any, path: str) -> Any:
    """The value at a dotted path, None where a part is missing."""
    for part in path.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def fingerprint(filter: Mapping[str, Any], sort: Sort) -> str:
    """Equal for equal filters and sorts, across processes."""
    told = orjson.dumps(
        orjson.loads(to_json([dict(filter), sort.keys])), option=orjson.OPT_SORT_KEYS
    )
    return hashlib.sha256(told).hexdigest()[:16]


def encode_cursor(mark: str, values: Sequence[Any]) -> str:
    text = orjson.dumps([mark, *map(_tagged, values)])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode_cursor(cursor: str, mark: str, length: int) -> list[Any]:
    """The values; raises a `bad-parameter` problem naming `cursor`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        given, *tagged = parts
        values = [_untagged(one) for one in tagged]
    except (ValueError, TypeError, DecimalException, OverflowError):
        raise _bad_cursor("is malformed") from None
    if given != mark:
        raise _bad_cursor("belongs to another list, filter or sort")
    if len(values) != length:
        raise _bad_cursor("is malformed")
    return values


def _bad_cursor(detail: str) -> Problem:
    return bad_parameter("cursor", detail)


def _tagged(value: Any) -> Any:
    """JSON has no times and no decimals: they travel as `{"t": …}` and `{"d": …}`."""
    if isinstance(value, datetime):
        return {"t": format_time(value if value.tzinfo else value.replace(tzinfo=UTC))}
    if isinstance(value, (Decimal, Decimal128)):
        return {"d": str(value)}
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"{type(value).__name__} can't be sorted by")


def _untagged(value: Any) -> Any:
    """Only scalars come out: a forged cursor can't bring an operator into a query."""
    if isinstance(value, dict):
        ((tag, text),) = value.items()
        if tag == "t":
            return parse_time(text)
        if tag == "d":
            return Decimal128(text)
    if value is None or isinstance(value, (str, float)):
        return value
    if -_INT64 <= operator.index(value) < _INT64:
        return value
    raise ValueError("out of range")
