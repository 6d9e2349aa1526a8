"""A made-up shop's history, and what its stores must hold: counted here in a few plain lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from deploy.importing.places import Places
from events.store.mongo import MongoEventStore

SOURCE = "shop"
TODAY = date(2026, 1, 31)
HEADER = "customer_id date number_of_cds dollar_value"


def lines(rows: int) -> list[str]:
    """Seven purchases a customer, two of them on one day; every fifth can't be split evenly."""
    return [HEADER, *(_line(row) for row in range(rows))]


def _line(row: int) -> str:
    customer, month = row // 7, 1 + row % 7 // 2
    return f" {customer:05d} 1997{month:02d}05  {1 + row % 5}   {row % 90}.{row % 100:02d}"


def documents(store: MongoEventStore) -> list[dict[str, Any]]:
    return list(store.db["commits"].find().sort("_id", 1))


def events(store: MongoEventStore) -> Iterator[dict[str, Any]]:
    for document in documents(store):
        yield from document["events"]


def in_lines(rows: list[str]) -> tuple[int, int, int, Decimal]:
    """Customers, purchases, pieces, money of lines without a fault."""
    split = [row.split() for row in rows if row != HEADER]
    return (
        len({row[0] for row in split}),
        len(split),
        sum(int(row[2]) for row in split),
        sum((Decimal(row[3]) for row in split), Decimal(0)),
    )


def in_stores(places: Places) -> tuple[int, int, int, Decimal]:
    """The same four, from the orders that were placed: lines times prices."""
    placed = [
        event["data"] for event in events(places.sales) if event["type"].endswith("placed.v1")
    ]
    lines = [line for order in placed for line in order["lines"]]
    return (
        len(documents(places.marketing)),
        len(placed),
        sum(line["qty"] for line in lines),
        sum((line["qty"] * Decimal(line["price"]["amount"]) for line in lines), Decimal(0)),
    )
