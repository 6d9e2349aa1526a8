"""The documents that are searched, in whichever order the streams arrive."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.contracts.base import fact
from events.contracts.sales import OrderPlaced
from events.contracts.service import InteractionStarted, UnknownPartyIdentified
from events.deciding import Scope
from events.envelope import Event
from gateway.platform.search.keys import customer_keys
from gateway.platform.views.search import order_numbers, search
from tests.happened import MINUTE, NOON, happened, mixed, shown_by
from tests.unit.marketing import mothers
from tests.unit.marketing.mothers import ADA, EMAIL, NORTH, SOUTH, change

PHONE = {"kind": "phone", "value": "020 7946 0018"}
REGISTERED = happened(
    ADA,
    mothers.registered(member_no="M-1"),
    mothers.updated(
        change("name", "Ada Lovelace", "Ada King"), change("contact_points", [EMAIL], [PHONE])
    ),
    scope=NORTH,
)


def called(id: str, number: str | None, *, later: int = 0, scope: Scope = SOUTH) -> list[Event]:
    """An unknown party, who is Ada, `later` minutes after noon; None withheld the number."""
    told = {"interaction_id": id, "customer_id": ADA}
    at = {"org_unit": scope.org_unit}
    point = {"kind": "phone", "value": number} if number else None
    return happened(
        id,
        fact(InteractionStarted, channel="voice", direction="inbound", scope=at, **told),
        fact(UnknownPartyIdentified, contact_point=point, **told),
        start=NOON + later * MINUTE,
        scope=scope,
    )


def placed(order_id: str) -> list[Event]:
    money = {"amount": "9.90", "currency": "USD"}
    data: dict[str, Any] = {
        "order_id": order_id,
        "customer_id": ADA,
        "kind": "sale",
        "lines": [{"product_id": "cd", "qty": 1, "price": money, "installable": False}],
        "total": money,
        "channel": "web",
        "scope": {"org_unit": "north"},
    }
    return happened(order_id, fact(OrderPlaced, **data), scope=NORTH)


def test_a_customer_is_found_by_what_is_known_last() -> None:
    ada = shown_by(search, REGISTERED)[ADA]
    assert (ada["name"], ada["member_no"], ada["contact_points"]) == ("Ada King", "M-1", [PHONE])
    assert (ada["org_unit"], ada["team"]) == ("north", "north-1")
    assert ada["keys"] == customer_keys("Ada King", [PHONE], "M-1", "GB")
    assert "p810064970244" in ada["keys"]  # the locale tells the country


def test_a_moved_locale_moves_the_country_of_the_numbers() -> None:
    moved = mothers.updated(change("locale", "en-GB", "en-IE"))
    registered = mothers.registered(contact_points=[PHONE])
    assert (
        "p" + "3532079460018"[::-1]
        in shown_by(search, happened(ADA, registered, moved))[ADA]["keys"]
    )


def test_what_became_unknown_finds_nobody() -> None:
    gone = mothers.updated(change("name", "Ada Lovelace", None))
    ada = shown_by(search, happened(ADA, mothers.registered(), gone))[ADA]
    assert "name" not in ada
    assert ada["keys"] == ["@ada@example.com"]


def test_an_unknown_party_is_found_by_the_latest_contact() -> None:
    early, late = (
        called("c-1", "+442079460018"),
        called("c-2", "+442079460019", later=9, scope=NORTH),
    )
    for batches in ([early, late], [late, early]):
        stranger = shown_by(search, *batches)[ADA]
        assert stranger["keys"] == ["p910064970244"]
        assert stranger["org_unit"] == "north"


def test_a_contact_moves_no_registered_customer() -> None:
    for batches in ([REGISTERED, called("c-1", "+1 650 253 0000")],
                    [called("c-1", "+1 650 253 0000"), REGISTERED]):  # fmt: skip
        ada = shown_by(search, *batches)[ADA]
        assert ada["org_unit"] == "north"
        assert {"p00003520561", "=king"} <= set(ada["keys"])


def test_each_order_has_a_document_of_its_own() -> None:
    orders = shown_by(order_numbers, placed("o-1"), placed("o-2"))
    assert {id: (one["customer_id"], one["org_unit"]) for id, one in orders.items()} == {
        "o-1": (ADA, "north"),
        "o-2": (ADA, "north"),
    }


STREAMS = (
    REGISTERED,
    called("c-1", "+1 650 253 0000"),
    called("c-2", None, later=5, scope=NORTH),
    called("c-3", "+442079460018", later=5),
    placed("o-1"),
)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_mixture_of_the_streams_gives_the_same_documents(data: st.DataObject) -> None:
    for streams in (STREAMS, STREAMS[1:]):
        batches = data.draw(mixed(*streams))
        for view in (search, order_numbers):
            assert shown_by(view, *batches) == shown_by(view, *streams)
