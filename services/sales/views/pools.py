"""Pools: who sells in them. How many leads each holds is counted in `assignments`."""

from __future__ import annotations

from events.contracts.sales import (
    LeadAccepted,
    LeadAssigned,
    LeadQueued,
    LeadReleased,
    LeadReturnedToPool,
    SellerCapacitySet,
)
from events.envelope import Event
from events.projection.folding import place
from events.projection.view import Document, View

pools = View("pools")


def _pool(event: Event) -> str:
    return event.stream.id


@pools.on(SellerCapacitySet, key=_pool)
def capacity_set(doc: Document, event: Event) -> None:
    """A list, not an object by id: ids may hold dots. At most 100, so the search is short."""
    data = event.data
    others = [one for one in doc.get("sellers", ()) if one["seller_id"] != data["seller_id"]]
    seller = {name: value for name, value in data.items() if name != "scope"}
    doc["sellers"] = sorted([*others, seller], key=lambda one: str(one["seller_id"]))
    doc.update(scope=data["scope"], **place(data["scope"]))
    doc["version"] = event.version


@pools.on(LeadAssigned, key=_pool)
def dealt(doc: Document, event: Event) -> None:
    doc.update(round=event.data["round"], version=event.version)


@pools.on(LeadQueued, LeadAccepted, LeadReturnedToPool, LeadReleased, key=_pool)
def moved(doc: Document, event: Event) -> None:
    """The version is what `If-Match` is compared with, whatever happened."""
    doc["version"] = event.version
