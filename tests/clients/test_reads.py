"""Reads of the Python client: waiting for one's own writes, lists page by page."""

from __future__ import annotations

import pytest

from tests.clients.conftest import BRISK
from tests.clients.house import House, says
from tests.clients.serving import Asked, Reply, served, told
from throughline import Behind, Done, NotFound, Throughline

BODY = {"customer_id": "c-1", "place": "Riga"}


@pytest.fixture
def sent(crm: Throughline) -> Done:
    return crm.send("depot", "parcels", BODY)


def test_a_read_waits_for_the_write(house: House, crm: Throughline, sent: Done) -> None:
    house.depot.views.coming = {sent.token}
    house.depot.views.late = 3
    assert crm.get("depot", f"parcels/{sent.id}", after=sent)["place"] == "Riga"
    assert house.depot.views.polls > 3
    assert house.heard("Consistency-Token")[-1] == sent.token


def test_a_view_that_takes_longer_than_one_read_may_is_asked_again(
    house: House, crm: Throughline, sent: Done
) -> None:
    house.depot.views.parked = {sent.stream}

    def reading() -> None:
        raise AssertionError("the view is behind: nothing may be read from it")

    house.depot.reading = reading
    with pytest.raises(Behind) as refused:
        crm.get("depot", f"parcels/{sent.id}", after=sent, wait=1.5)
    assert refused.value.code == "not-yet-consistent"
    reads = house.heard("Consistency-Token")[1:]
    assert len(reads) > 1
    assert set(reads) == {sent.token}


def test_what_comes_between_two_tries_is_seen(house: House, crm: Throughline, sent: Done) -> None:
    house.depot.views.coming = {sent.token}
    house.depot.views.late = 1
    house.depot.views.parked = {sent.stream}
    assert crm.get("depot", f"parcels/{sent.id}", after=[sent.token, sent])["id"] == sent.id
    assert house.heard("Consistency-Token")[1:] == [f"{sent.token},{sent.token}"] * 2


def test_a_404_of_a_current_view_is_final(house: House, crm: Throughline, sent: Done) -> None:
    house.depot.views.held = {sent.token}
    with pytest.raises(NotFound):
        crm.get("depot", "parcels/no-such", after=sent)
    assert len(house.asked) == 2


def test_an_answer_that_calls_itself_stale_is_not_taken(
    house: House, crm: Throughline, sent: Done
) -> None:
    """As the gateway's merged timeline does, which is not strict."""
    house.faults = [says(200, b"{}", Consistency="stale")] * 1000
    with pytest.raises(Behind):
        crm.get("customers", "c-1/timeline", after=sent, wait=0.05)
    assert "strict" not in house.heard("Prefer")[-1]


def test_without_a_token_nobody_waits(house: House, crm: Throughline, sent: Done) -> None:
    assert crm.get("depot", f"parcels/{sent.id}")["id"] == sent.id
    assert house.heard("Prefer") == [None, None]


def test_parameters_are_spelled_for_the_query(house: House, crm: Throughline) -> None:
    list(crm.items("depot", "parcels", place="Riga", sort=None, weight=["1", "2 kg"]))
    assert house.depot.asked["place"] == "Riga"
    assert house.depot.asked["weight"] == ["1", "2 kg"]
    assert house.asked[0]["QUERY_STRING"] == "place=Riga&weight=1&weight=2+kg"


def test_a_list_is_followed_to_its_end() -> None:
    pages = {"": ["a", "b"], "1": [], "2": ["c"]}

    def answer(asked: Asked) -> Reply:
        cursor = asked.one("cursor")
        following = {"": "1", "1": "2", "2": None}[cursor]
        items = [{"id": one} for one in pages[cursor]]
        return told({"items": items, "next_cursor": following})

    with served(answer) as server:
        crm = Throughline(server.url, patience=BRISK)
        items = crm.items("sales", "orders", customer_id="c-1", limit=2, after="order-1@1")
        assert next(items) == {"id": "a"}
        assert len(server.asked) == 1, "the next page is asked for when it is wanted"
        assert [one["id"] for one in items] == ["b", "c"]
        for asked in server.asked:
            assert asked.path == "/v1/sales/orders"
            assert (asked.one("customer_id"), asked.one("limit")) == ("c-1", "2")
            assert asked.headers["Consistency-Token"] == "order-1@1"
