"""How long an aggregate stayed in each state, from its stream alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.http.encoding import to_json
from events.http.paging import Document, Sort, page_of
from events.http.params import PageParams
from events.http.routes import Routes
from events.http.runtime import views
from events.types import VERSION_DIGITS, entry_id


class StateParams(PageParams):
    """A page of a stream."""


class StreamState(Schema):
    """What began with an event, and how long it lasted."""

    version = fields.Integer(required=True)
    type = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    seconds_until_next = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "null while nothing has followed"},
    )


def stream_routes() -> Routes:
    """`/v1/streams/<stream>/states`; a stream not heard of yet has no states."""
    routes = Routes("streams", "/v1/streams", description="Single aggregates, any type")

    @routes.query(
        "/<stream:stream>/states", StreamState, StateParams, many=True, right="timeline.read"
    )
    def get_stream_states(stream: str, params: dict[str, Any]) -> Response:
        """The events of a stream in order, each with the time until the next."""
        page = page_of(
            views().timeline,
            {"_id": {"$gte": entry_id(stream, 0), "$lte": f"{stream}@{'9' * VERSION_DIGITS}"}},
            sort=Sort.by("_id"),
            cursor=params["cursor"],
            limit=params["limit"],
            projection=["type", "at", "version"],
        )
        body = {
            "items": states_of([*page.items, page.following]),
            "next_cursor": page.next_cursor,
        }
        return Response(to_json(body), content_type="application/json")

    return routes


def states_of(entries: list[Document | None]) -> list[Document]:
    """One state for each entry but the last, which only ends the one before it."""
    return [
        {
            "version": entry["version"],
            "type": entry["type"],
            "at": entry["at"],
            "seconds_until_next": (following["at"] - entry["at"]).total_seconds()
            if following
            else None,
        }
        for entry, following in pairwise(entries)
        if entry
    ]
