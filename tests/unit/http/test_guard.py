"""Nobody gets in without a token and a right, and no route can be written that would let him."""

import pytest
from flask import Flask, Response

from events.access.caller import Caller
from events.access.rights import UnknownRight
from events.http import Routes, create_app, views
from events.types import new_id
from tests.access import SIGNER, a_caller, client_of
from tests.unit.http.depot import Depot, ParcelAnswer, is_problem, parcel_routes

SAM = a_caller("seller", subject="sam", org_unit="north")
SUE = a_caller("seller", subject="sue", org_unit="north")
OTTO = a_caller("auditor", subject="otto")


@pytest.fixture
def depot() -> Depot:
    return Depot()


def as_(depot: Depot, caller: Caller | None) -> Depot:
    depot.client = client_of(depot.app, "depot", caller)
    return depot


# --- a token


@pytest.mark.parametrize("path", ["/v1/parcels", "/v1/parcels/p-1"])
def test_without_a_token_nothing_is_read(depot: Depot, path: str) -> None:
    answer = as_(depot, None).client.get(path)
    is_problem(answer, 401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_without_a_token_nothing_is_written(depot: Depot) -> None:
    is_problem(as_(depot, None).send(), 401, "not-signed-in")
    assert depot.store.commits == []


@pytest.mark.parametrize("header", ["Basic c2FtOnB3", "Bearer", "Bearer ", "x", "Bearer x.y.z"])
def test_another_credential_is_refused(depot: Depot, header: str) -> None:
    answer = depot.client.get("/v1/parcels", headers={"Authorization": header})
    is_problem(answer, 401, "not-signed-in")


def test_the_token_of_another_service_is_refused_and_told_so(depot: Depot) -> None:
    token = SIGNER.token(SAM, "sales")
    answer = depot.client.get("/v1/parcels", headers={"Authorization": f"Bearer {token}"})
    is_problem(answer, 401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/v1/openapi.json"])
def test_health_and_the_document_are_open(depot: Depot, path: str) -> None:
    assert as_(depot, None).client.get(path).status_code == 200


def test_nobody_can_say_who_he_is_but_by_his_token(depot: Depot) -> None:
    depot.send(X_Actor="somebody-else", X_Forwarded_User="somebody-else")
    assert depot.store.commits[0].events[0].actor == "tester"


# --- a right


def test_a_role_without_the_right_is_told_which_one_it_takes(depot: Depot) -> None:
    problem = is_problem(as_(depot, OTTO).send(), 403, "forbidden")
    assert problem["facts"] == {"right": "order.work"}
    assert depot.store.commits == []


def test_the_body_is_not_read_before_the_right_is_known(depot: Depot) -> None:
    answer = as_(depot, OTTO).client.post("/v1/parcels", data=b"{", content_type="text/plain")
    is_problem(answer, 403, "forbidden")


# --- a place


def test_what_a_seller_makes_is_his_and_what_another_made_is_not_there_for_him(
    scoped: Depot,
) -> None:
    parcel = as_(scoped, SAM).send().json["id"]
    assert scoped.move(parcel, If_Match="*").status_code == 200

    for if_match in ("*", '"1"', '"2"', '"9"'):
        is_problem(as_(scoped, SUE).move(parcel, If_Match=if_match), 404, "not-found")
    unknown = as_(scoped, SUE).move(new_id(), If_Match="*")
    is_problem(unknown, 404, "not-found")
    assert len(scoped.store.commits) == 2


def test_nobody_makes_a_record_where_he_does_not_reach(scoped: Depot) -> None:
    body = {"customer_id": "c-1", "place": "Riga", "scope": {"org_unit": "north", "owner": "sue"}}
    problem = is_problem(as_(scoped, SAM).client.post("/v1/parcels", json=body), 403, "forbidden")
    assert problem["errors"][0]["pointer"] == "/scope"
    assert scoped.store.commits == []


# --- by construction


def test_a_route_without_a_right_cannot_be_written() -> None:
    planted = Routes("planted", "/v1/planted")
    for declare in (planted.create, planted.command, planted.either, planted.query):
        with pytest.raises(TypeError, match="right"):
            declare("", ParcelAnswer)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="right"):
        planted.job("", ParcelAnswer, ParcelAnswer)  # type: ignore[call-arg]


def test_a_route_past_the_declarations_stops_the_service_at_its_start(depot: Depot) -> None:
    planted = Routes("planted", "/v1/planted")
    planted.add_url_rule("/everything", "everything", lambda: "all of it")
    with pytest.raises(ValueError, match="names no right"):
        create_app(depot.runtime, [parcel_routes(depot), planted], version="1")


def test_a_public_route_is_declared_with_its_reason_and_reaches_nothing(depot: Depot) -> None:
    planted = Routes("planted", "/v1/planted")

    @planted.public("/open", ParcelAnswer, why="it tells nothing")
    def tell_nothing() -> Response:
        """Tell nothing."""
        return Response("nothing")

    @planted.public("/views", ParcelAnswer, why="it reaches nothing")
    def reach_nothing() -> Response:
        """Reach nothing."""
        return Response(str(views().timeline.find_one()))

    app = create_app(depot.runtime, [parcel_routes(depot), planted], version="1")
    nobody = client_of(app, "depot", None)
    assert nobody.get("/v1/planted/open").text == "nothing"
    assert nobody.post("/v1/planted/open").status_code == 405
    assert nobody.get("/v1/planted/views").status_code == 500
    assert nobody.get("/v1/parcels").status_code == 401
    told = nobody.get("/v1/openapi.json").json["paths"]["/v1/planted/open"]["get"]
    assert (told["x-public"], told["security"]) == ("it tells nothing", [])
    for why in ({}, {"why": ""}):
        with pytest.raises((TypeError, AssertionError), match="why"):
            planted.public("", ParcelAnswer, **why)


def test_a_right_that_the_table_does_not_have_stops_it_too(depot: Depot) -> None:
    planted = Routes("planted", "/v1/planted")

    @planted.query("", ParcelAnswer, right="parcel.steal")
    def steal_parcel() -> dict[str, str]:
        """Steal."""
        return {}

    with pytest.raises(UnknownRight, match=r"parcel\.steal"):
        create_app(depot.runtime, [planted], version="1")


def test_every_route_of_a_real_app_names_its_right_in_its_document(depot: Depot) -> None:
    app: Flask = depot.app
    document = app.test_client().get("/v1/openapi.json").json
    told = [one for path in document["paths"].values() for name, one in path.items()
            if name in ("get", "post")]  # fmt: skip
    assert len(told) == 5
    assert all(one["x-right"] in ("order.work", "order.read") for one in told)
    assert document["security"] == [{"bearer": []}]


@pytest.fixture
def scoped(depot: Depot) -> Depot:
    depot.scopes = True
    return depot
