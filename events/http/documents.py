"""Reading views for answers: no more of a document than the answer's schema tells.

return listed("orders", OrderItem, params, FILTERS, SORTS)
return found("orders", order_id, OrderAnswer, "order")
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import Schema

from events.errors import NotFound
from events.http.encoding import public
from events.http.paging import MAX_TIME_MS, Document, Page, Sort, page_of
from events.http.runtime import views
from events.mongodb import Readable

GLANCE = 5
"""As many as can be taken in at a glance."""


def listed(
    view: str,
    item: type[Schema],
    params: Mapping[str, Any],
    filters: Collection[str],
    sorts: Mapping[str, str],
) -> Page:
    """One page of a view. `filters` are both parameters and fields, `sorts` map words to fields."""
    return page_of(
        views().collection(view),
        {name: params[name] for name in filters if name in params},
        sort=Sort.parse(params["sort"], sorts),
        cursor=params["cursor"],
        limit=params["limit"],
        projection=sorted({*shown(item), *(field.split(".")[0] for field in sorts.values())}),
    )


def found(view: str, id: str, answer: type[Schema], what: str) -> Document:
    """One document of a view; raises NotFound naming `what`."""
    document = (
        views().collection(view).find_one({"_id": id}, shown(answer), max_time_ms=MAX_TIME_MS)
    )
    if document is None:
        raise NotFound(what, id)
    return document


def glance(
    documents: Readable,
    chosen: Mapping[str, Any],
    newest: str,
    item: type[Schema],
    limit: int = GLANCE,
) -> list[Document]:
    """The latest few, for an answer about something else; `newest` is the field they are sorted
    by."""
    found = (
        documents.find(chosen, shown(item))
        .sort([(newest, -1), ("_id", -1)])
        .limit(limit)
        .max_time_ms(MAX_TIME_MS)
    )
    return [public(one) for one in found]


def shown(answer: type[Schema]) -> list[str]:
    """The fields that an answer takes from a document."""
    return [name for name in answer().fields if name != "id"]
