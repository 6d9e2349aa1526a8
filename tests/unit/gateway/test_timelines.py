"""The gateway's cursors, its bound of a page, and what its import costs."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from events.http.paging import encode_cursor
from events.http.problem import Problem
from gateway.merging import Position
from gateway.timelines import Question

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PARAMS: dict[str, Any] = {"limit": 3, "cursor": None}
PLACE = Position(NOON, "order-1@0000000002")


def asked(customer: str = "c-1", **params: Any) -> Question:
    return Question.of(customer, "limit=3", {**PARAMS, **params})


def test_a_cursor_leads_back_to_its_place() -> None:
    first = asked()
    assert first.after is None
    assert asked(cursor=first.cursor(PLACE)).after == PLACE


@pytest.mark.parametrize(
    "other", [{"customer": "c-2"}, {"as_of": NOON}, {"known_at": NOON}, {"source": "sales"}]
)
def test_a_cursor_of_another_list_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        asked(**other, cursor=asked().cursor(PLACE))
    assert (caught.value.status, caught.value.errors[0]["parameter"]) == (400, "cursor")


@pytest.mark.parametrize("values", [[1, "id"], [NOON, 1], ["noon", "id"], [NOON], [None, None]])
def test_a_forged_cursor_is_refused(values: list[Any]) -> None:
    with pytest.raises(Problem) as caught:
        asked(cursor=encode_cursor(asked().mark, values))
    assert (caught.value.status, caught.value.errors[0]["parameter"]) == (400, "cursor")


def test_the_page_size_is_not_part_of_a_cursor() -> None:
    assert asked(limit=7, cursor=asked().cursor(PLACE)).after == PLACE


OPENS_NOTHING = """
import socket, sys, threading

def refuse(*_, **__):
    raise AssertionError("opened while importing")

socket.socket.connect = refuse
import pymongo
pymongo.MongoClient.__init__ = refuse
import gateway.server
assert threading.active_count() == 1, threading.enumerate()
assert "kafka" not in sys.modules
"""


def test_importing_the_gateway_opens_nothing() -> None:
    """It shares the services' words for lists, and none of their connections."""
    subprocess.run([sys.executable, "-c", OPENS_NOTHING], check=True, timeout=60)
