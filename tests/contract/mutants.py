"""Slightly wrong copies of an example: the raw material of the agreement tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ODDITIES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    1.5,
    10**12,
    10**12 + 1,
    "",
    " ",
    "a",
    "A-1",
    "snake_case",
    "_a",
    "a" * 60,
    "a" * 61,
    "a" * 100,
    "a" * 101,
    "x" * 4000,
    "x" * 4001,
    "two words",
    "line\n",
    "null\x00",
    "turned\u202e",
    "naïve 客户 🖨",
    "USD",
    "usd",
    "12.50",
    "-12.50",
    "012.50",
    "12.",
    "1e3",
    "12.12345",
    "1" * 16,
    "2026-01-31T09:15:00.000Z",
    "2026-01-31T09:15:00+08:00",
    "2026-01-31T09:15:00",
    "2026-02-30T09:15:00Z",
    "2026-01-31T25:15:00Z",
    "2026-01-31",
    [],
    ["a"],
    ["a"] * 101,
    {},
    {"a": 1},
)

Change = tuple[str, Any]


def mutants(value: Any, at: str = "") -> Iterator[Change]:
    """Every copy that differs in one place, with the place and what was done there."""
    for oddity in ODDITIES:
        yield f"{at} = {str(oddity)[:30]!r}", oddity
    if isinstance(value, dict):
        yield f"{at}/surprise", {**value, "surprise": "!"}
        for key, inner in value.items():
            yield f"{at}/{key} left out", {k: v for k, v in value.items() if k != key}
            for what, changed in mutants(inner, f"{at}/{key}"):
                yield what, {**value, key: changed}
    elif isinstance(value, list) and value:
        yield f"{at} repeated", value * 201
        for what, changed in mutants(value[0], f"{at}/0"):
            yield what, [changed, *value[1:]]
