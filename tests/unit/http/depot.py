"""A small service for the tests of events/http: parcels that are sent, moved and delivered.

Its decider is real, its store the one in memory, its views a set of tokens that tests fill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask, Response
from flask.testing import FlaskClient
from marshmallow import RAISE, Schema, fields

from events.commands import Commands
from events.contracts.base import Fact
from events.contracts.fields import Anything, Count, Id, ListOf, Money, Nested, Text, Time
from events.contracts.fields import Scope as ScopeField
from events.deciding import Decider, Origin, Scope
from events.errors import NotFound, RuleBroken
from events.http import (
    Health,
    Page,
    PageParams,
    Routes,
    Runtime,
    Sort,
    answer_change,
    answer_create,
    create_app,
)
from events.http import Sorted as SortedBy
from events.http.guard import scope_or_own
from events.store.memory import MemoryEventStore
from events.types import ConsistencyToken, CustomerId, new_id
from tests.access import client_of, guard

SENT, MOVED, DELIVERED = (f"crm.depot.parcel.{fact}.v1" for fact in ("sent", "moved", "delivered"))


@dataclass(frozen=True, slots=True)
class Parcel:
    customer_id: CustomerId | None = None
    place: str = ""
    delivered: bool = False
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class Send:
    customer_id: str
    place: str
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class Move:
    place: str


@dataclass(frozen=True, slots=True)
class Deliver:
    pass


def decide(parcel: Parcel, command: Send | Move | Deliver) -> list[Fact]:
    if isinstance(command, Send):
        told = {"customer_id": command.customer_id, "place": command.place}
        return [Fact(SENT, {**told, "scope": command.scope.to_data()})]
    if parcel.customer_id is None:
        raise NotFound("parcel", "this")
    if isinstance(command, Deliver):
        return [] if parcel.delivered else [Fact(DELIVERED, {})]
    if parcel.delivered:
        raise RuleBroken("parcel-delivered", "a delivered parcel stays", place=parcel.place)
    return [Fact(MOVED, {"place": command.place})]


def evolve(parcel: Parcel, fact: Fact) -> Parcel:
    if fact.type == SENT:
        data = fact.data
        return Parcel(CustomerId(data["customer_id"]), data["place"], scope=Scope(**data["scope"]))
    if fact.type == MOVED:
        return replace(parcel, place=fact.data["place"])
    return replace(parcel, delivered=True)


PARCEL: Decider[Parcel, Send | Move | Deliver] = Decider(
    aggregate="parcel",
    initial=Parcel(),
    decide=decide,
    evolve=evolve,
    subject=lambda parcel: parcel.customer_id,
    scope=lambda parcel: parcel.scope,
)


class ItemBody(Schema):
    class Meta:
        unknown = RAISE

    sku = Id()
    quantity = Count(least=1)


class SendBody(Schema):
    """What is sent, and where it starts."""

    class Meta:
        unknown = RAISE

    customer_id = Id()
    place = Text(shortest=1, longest=100)
    items = ListOf(Nested(ItemBody), required=False)
    worth = Money(required=False)
    sent_at = Time(required=False)
    extra = Anything(required=False)
    scope = ScopeField(required=False)


class MoveBody(Schema):
    class Meta:
        unknown = RAISE

    place = Text(shortest=1, longest=100)


class ParcelAnswer(Schema):
    id = fields.String(required=True)
    place = fields.String(required=True)
    version = fields.Integer(required=True)


class ParcelParams(PageParams):
    place = Id(required=False)
    weight = fields.List(fields.String())
    sort = SortedBy("place", "version", default="-version")


def parcel_routes(depot: Depot) -> Routes:
    parcels = Routes("parcels", "/v1/parcels", description="Parcels")

    @parcels.create("", SendBody, right="order.work")
    def send_parcel(body: dict[str, Any]) -> Response:
        """Send a parcel."""
        scope = scope_or_own(body.get("scope")) if depot.scopes else Scope()
        return answer_create(
            PARCEL, new_id(), lambda _: Send(body["customer_id"], body["place"], scope)
        )

    @parcels.command("/<id:parcel_id>/move", MoveBody, right="order.work")
    def move_parcel(parcel_id: str, body: dict[str, Any]) -> Response:
        """Move a parcel.

        It must not have been delivered.
        """

        def build(origin: Origin) -> Move:
            depot.deciding(origin)
            return Move(body["place"])

        return answer_change(PARCEL, parcel_id, build)

    @parcels.command("/<id:parcel_id>/deliver", right="order.work")
    def deliver_parcel(parcel_id: str) -> Response:
        """Deliver a parcel."""
        return answer_change(PARCEL, parcel_id, lambda _: Deliver())

    @parcels.query("/<id:parcel_id>", ParcelAnswer, tagged=True, right="order.read")
    def get_parcel(parcel_id: str) -> dict[str, Any]:
        """One parcel."""
        depot.reading()
        parcel, version = depot.commands.state(PARCEL, parcel_id)
        if not version:
            raise NotFound("parcel", parcel_id)
        return {"_id": parcel_id, "place": parcel.place, "version": version}

    @parcels.query("", ParcelAnswer, ParcelParams, many=True, right="order.read")
    def list_parcels(params: dict[str, Any]) -> Page:
        """All parcels."""
        depot.asked = params
        Sort.parse(params["sort"], {"place": "place", "version": "version"})
        return Page([{"_id": "p", "place": "here", "version": 1}], None)

    return parcels


@dataclass
class MemoryViews:
    """Tokens that the view holds; after `late` polls it holds those of `coming` too."""

    held: set[str] = field(default_factory=set)
    coming: set[str] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)
    late: int = 0
    polls: int = 0

    def one_version(self) -> AbstractContextManager[None]:
        """There is only one."""
        return nullcontext()

    def holds(self, token: ConsistencyToken) -> bool:
        self.polls += 1
        return str(token) in self.held or (self.polls > self.late and str(token) in self.coming)

    def blocked(self, stream: str) -> bool:
        return stream in self.parked


class Depot:
    """The service with its app; `deciding` and `reading` are called inside of requests."""

    def __init__(self) -> None:
        self.store = MemoryEventStore("depot")
        self.commands = Commands(self.store)
        self.views = MemoryViews()
        self.health = Health()
        self.deciding: Callable[[Origin], None] = lambda _: None
        self.reading: Callable[[], None] = lambda: None
        self.asked: Mapping[str, Any] = {}
        self.scopes = False
        views: Any = self.views
        self.runtime = Runtime("depot", self.commands, views, self.health, guard("depot"))
        self.app: Flask = create_app(self.runtime, [parcel_routes(self)], version="1.0.0")
        self.client: FlaskClient = client_of(self.app, "depot")

    def send(self, place: str = "Riga", **headers: str) -> Any:
        """POSTs a parcel; header names with underscores."""
        body = {"customer_id": "c-1", "place": place}
        return self.client.post("/v1/parcels", json=body, headers=spelled(headers))

    def move(self, parcel_id: str, place: str = "Oslo", **headers: str) -> Any:
        path = f"/v1/parcels/{parcel_id}/move"
        return self.client.post(path, json={"place": place}, headers=spelled(headers))


def spelled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def is_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Asserts that the answer is that problem, whole and well-formed; returns its body."""
    body: dict[str, Any] = response.get_json(force=True)
    assert (response.status_code, body["type"]) == (status, f"urn:throughline:problem:{code}"), body
    assert response.content_type == "application/problem+json"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert len(body["trace"]) == 32
    return body
