"""Query parameters and single reads."""

from __future__ import annotations

import pytest

from tests.unit.http.depot import Depot, is_problem


def test_a_document_is_tagged_with_its_version(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    response = depot.client.get(f"/v1/parcels/{parcel_id}")
    assert response.get_json() == {"id": parcel_id, "place": "Riga", "version": 1}
    assert depot.move(parcel_id, If_Match=response.headers["ETag"]).status_code == 200


def test_what_is_not_there_is_not_found(depot: Depot) -> None:
    body = is_problem(depot.client.get("/v1/parcels/p-1"), 404, "not-found")
    assert body["facts"] == {"what": "parcel", "id": "p-1"}


def test_a_head_is_a_get_without_body(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    response = depot.client.head(f"/v1/parcels/{parcel_id}")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["ETag"] == '"1"'


def test_parameters_have_defaults(depot: Depot) -> None:
    assert depot.client.get("/v1/parcels").get_json() == {
        "items": [{"id": "p", "place": "here", "version": 1}],
        "next_cursor": None,
    }
    assert depot.asked == {"limit": 50, "cursor": None, "sort": "-version"}


def test_parameters_are_read(depot: Depot) -> None:
    depot.client.get("/v1/parcels?limit=200&sort=place&place=Riga&weight=a&weight=b&cursor=x")
    assert depot.asked == {
        "limit": 200,
        "cursor": "x",
        "sort": "place",
        "place": "Riga",
        "weight": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=", "limit"),
        ("limit=1e2", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=" + "x" * 4001, "cursor"),
        ("sort=colour", "sort"),
        ("sort=", "sort"),
        ("sort=--place", "sort"),
        ("sort=place,version", "sort"),
        ("place=a%00b", "place"),
        ("place=a%20b", "place"),
        ("weight=%E2%80%AE", "weight"),
        ("colour=red", "colour"),
        ("Limit=5", "Limit"),
        ("place[$ne]=x", "place[$ne]"),
        ("%FF=1", "%FF"),
        ("=1", ""),
        ("limit", "limit"),
        ("_schema=1", "_schema"),
    ],
)
def test_a_bad_parameter_is_named(depot: Depot, query: str, name: str) -> None:
    body = is_problem(depot.client.get(f"/v1/parcels?{query}"), 400, "bad-parameter")
    assert [error["parameter"] for error in body["errors"]] == [name]
    assert depot.asked == {}


def test_an_unknown_sort_tells_the_known_ones(depot: Depot) -> None:
    body = depot.client.get("/v1/parcels?sort=colour").get_json(force=True)
    assert body["errors"][0]["detail"] == "must be one of place, -place, version, -version"


def test_a_read_without_parameters_takes_none(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    response = depot.client.get(f"/v1/parcels/{parcel_id}?x=1")
    is_problem(response, 400, "bad-parameter")
