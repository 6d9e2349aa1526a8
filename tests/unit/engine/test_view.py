"""Views are folds: each document once, parents may be missing, and poison is named."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.base import Contract
from events.envelope import Event
from events.projection.view import Document, PoisonAt, View, fold, touches
from tests.conformance.making import KIND, event


class Noted(Contract):
    TYPE = KIND


class Ended(Contract):
    TYPE = "crm.sales.order.ended.v1"


def notes() -> View:
    """Counts per stream; a number of 13 is more than it can bear."""
    view = View("notes")

    @view.on(Noted, key=lambda one: one.stream)
    def noted(doc: Document, one: Event) -> None:
        doc["count"] = doc.get("count", 0) + 1
        doc["last"] = 1 / (one.data["number"] - 13)

    @view.on(Ended, key=lambda one: one.data.get("order"))
    def ended(doc: Document, one: Event) -> None:
        doc["ended"] = True

    return view


def end(order: str | None, version: int = 2) -> Event:
    return event(version=version, type=Ended.TYPE, data={"order": order} if order else {})


def folded(events: list[Event], **documents: Document) -> dict[str, Document]:
    return {doc["_id"]: doc for doc in fold(notes(), documents, touches(notes(), events))}


def test_a_document_begins_with_its_id() -> None:
    assert folded([event(data={"number": 14})]) == {
        "order-1": {"_id": "order-1", "count": 1, "last": 1.0}
    }


def test_a_batch_gives_each_document_once() -> None:
    batch = [event(stream, v) for v in (1, 2, 3) for stream in ("order-1", "order-2")]
    changed = fold(notes(), {}, touches(notes(), batch))
    assert [doc["_id"] for doc in changed] == ["order-1", "order-2"]
    assert [doc["count"] for doc in changed] == [3, 3]


def test_it_goes_on_from_what_was_there() -> None:
    found = folded([event()], **{"order-1": {"_id": "order-1", "count": 5}})
    assert found["order-1"]["count"] == 6


def test_several_types_write_to_one_document_in_any_order() -> None:
    assert folded([end("order-1"), event()])["order-1"].keys() == {"_id", "ended", "count", "last"}


def test_other_types_and_absent_keys_are_left_out() -> None:
    others = [event(type="crm.sales.order.other.v1"), end(None)]
    assert folded(others) == {}
    assert touches(notes(), others) == {}


def test_the_documents_to_read_are_known_beforehand() -> None:
    batch = [event("order-1"), event("order-2"), end("order-9")]
    assert touches(notes(), batch).keys() == {"order-1", "order-2", "order-9"}


def test_poison_names_the_event_and_the_view() -> None:
    good, bad = event(version=1), event(version=2, data={"number": 13})
    with pytest.raises(PoisonAt) as poison:
        fold(notes(), {}, touches(notes(), [good, bad]))
    assert poison.value.event is bad
    assert "notes" in poison.value.reason
    assert "ZeroDivisionError" in poison.value.reason


def test_a_key_can_be_poison_too() -> None:
    view = View("broken")

    @view.on(Noted, key=lambda one: one.data["missing"])
    def noted(doc: Document, one: Event) -> None:
        raise AssertionError("never called")

    with pytest.raises(PoisonAt, match="KeyError"):
        touches(view, [event()])


def test_a_long_reason_is_cut() -> None:
    error = ValueError("x" * 10_000)
    assert len(PoisonAt(event(), "notes", error).reason) <= 500


def test_two_handlers_may_take_one_event() -> None:
    view = View("both")
    seen: list[str] = []

    def handler(name: str) -> Any:
        def take(doc: Document, one: Event) -> None:
            seen.append(name)

        return take

    view.on(Noted, key=lambda one: one.stream)(handler("first"))
    view.on(Noted, key=lambda one: "all")(handler("second"))
    assert [doc["_id"] for doc in fold(view, {}, touches(view, [event()]))] == ["order-1", "all"]
    assert seen == ["first", "second"]
    assert view.types == {KIND}
