"""How the API reads views: no more of a document than the answer tells, and no read for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from events.errors import NotFound
from events.http import Page, Sort, page_of, views
from events.mongodb import MAX_TIME_MS

Document = dict[str, Any]


def document_of(view: str, id: str, answer: type[Schema], what: str) -> Document:
    """The document as far as `answer` tells it; raises `NotFound` naming `what`."""
    found = views().collection(view).find_one({"_id": id}, told(answer), max_time_ms=MAX_TIME_MS)
    if found is None:
        raise NotFound(what, id)
    return found


def list_of(
    view: str,
    item: type[Schema],
    params: Document,
    *,
    filters: Sequence[str],
    sorts: Mapping[str, str],
) -> Page:
    """A page as `params` ask; `filters` are fields, `sorts` maps callers' names to fields."""
    return page_of(
        views().collection(view),
        {name: params[name] for name in filters if name in params},
        sort=Sort.parse(params["sort"], sorts),
        cursor=params["cursor"],
        limit=params["limit"],
        projection=[*told(item), *sorts.values()],
    )


def told(answer: type[Schema]) -> list[str]:
    """The fields of an answer; `id` is the document's `_id`, which always comes."""
    return [name for name in answer().fields if name != "id"]
