"""Every filter and sort of every list is answered by an index, without sorting in memory."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from tests.happened import MINUTE, NOON
from tests.house import House
from tests.plans import faults, questions

pytestmark = pytest.mark.integration

LISTS = ("orders", "opportunities", "assignments")


def document(number: int, filters: tuple[str, ...]) -> dict[str, Any]:
    """Few values for each filter, different ones for each sort."""
    at = NOON + number * MINUTE
    money = {"amount": number, "currency": "USD"}
    times = dict.fromkeys(("placed_at", "opened_at", "expected_close", "since"), at)
    chosen = {name: f"{name}-{number % 3}" for name in filters}
    return {"_id": f"{number:04d}", **chosen, **times, "total": money, "amount": money}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_from_an_index(sales: House, name: str) -> None:
    view = import_module(f"services.sales.views.{name}")
    filters, sorts = view.FILTERS, view.SORTS
    collection = sales.views.collection(name)
    collection.insert_many([document(number, filters) for number in range(300)])
    wanted = {name: f"{name}-1" for name in filters}

    slow = []
    for filter, sort in questions(wanted, sorts):
        middle = document(151, filters)
        after = [_at(middle, field) for field, _ in sort.keys]
        for place in (None, after):
            if found := faults(collection, filter, sort, place):
                slow.append((filter, sort, place, found))
    assert slow == []


def _at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value[part]
    return value
