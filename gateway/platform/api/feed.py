"""The feed over HTTP: pages to follow, and a stream that stays open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from flask import Response, request
from marshmallow import Schema, ValidationError, fields, validate

from events.http import Params, Problem, Routes, Whole
from events.http.guard import caller, may, reach
from events.http.identifiers import ID_PATTERN
from events.http.masking import ACCESSED, PERSONAL
from events.http.params import DEFAULT_LIMIT, MAX_LIMIT
from events.http.problem import bad_header, bad_parameter
from gateway.platform.feed.cursor import MAX_CHARS
from gateway.platform.feed.errors import BadCursor, Busy, Gone
from gateway.platform.feed.feed import MAX_WAIT_SECONDS, Feed, FeedPage
from gateway.platform.feed.scanning import Shown, Sight, Visible
from gateway.platform.feed.showing import masked
from gateway.platform.feed.wanted import MAX_TYPE_CHARS, MAX_TYPES, TYPE_PATTERN, Wanted

EVENT_STREAM = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
_WAYS_OUT = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No proxy may keep events back until it has a buffer full of them."""


class Types(fields.List[str]):
    """Repeated, or with commas in between."""

    def __init__(self) -> None:
        super().__init__(
            fields.String(),
            load_default=list,
            metadata={
                "description": "event types, or beginnings of them with `.*`: `crm.sales.*`;"
                " repeated or separated by commas"
            },
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        given = super()._deserialize(value, attr, data, **kwargs)
        types = [part.strip() for text in given for part in str(text).split(",")]
        if len(types) > MAX_TYPES:
            raise ValidationError(f"must be at most {MAX_TYPES} types")
        for one in types:
            if len(one) > MAX_TYPE_CHARS or not TYPE_PATTERN.fullmatch(one):
                raise ValidationError("must be types, or beginnings of types that end with .*")
        return types


class StreamParams(Params):
    after = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_CHARS),
        metadata={
            "description": "a cursor of the feed: events behind it; none: from the first day;"
            " `latest`: only what comes from now on"
        },
    )
    types = Types()
    customer = fields.String(
        load_default=lambda: None,
        validate=validate.Regexp(rf"{ID_PATTERN}\Z", error="must be a customer's id"),
        metadata={"description": "only this customer's events"},
    )


class FeedParams(StreamParams):
    limit = Whole(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(min=1, max=MAX_LIMIT),
        metadata={"description": "most events of a page"},
    )
    wait = Whole(
        load_default=0,
        validate=validate.Range(min=0, max=MAX_WAIT_SECONDS),
        metadata={"description": "seconds to wait for an event when there is none"},
    )


class FeedItem(Schema):
    """An event with the cursor right behind it."""

    cursor = fields.String(required=True)
    event = fields.Dict(required=True, metadata={"description": "a CloudEvent 1.0"})


class FeedAnswer(Schema):
    """Items may be fewer than asked for, or none, also where more follow."""

    items = fields.List(fields.Nested(FeedItem), required=True)
    next_cursor = fields.String(
        required=True, metadata={"description": "go on here, always: also when it is the end"}
    )
    caught_up = fields.Boolean(
        required=True, metadata={"description": "there was nothing more when this was answered"}
    )


def in_reach() -> Visible:
    """What the caller's right reaches, event by event."""
    covers = reach().covers
    return lambda event: covers(event.scope)


def as_permitted() -> Shown | None:
    """The whole event, or without what is personal for whoever may not see that."""
    return None if may(PERSONAL) else masked


def feed_routes(
    feed: Callable[[], Feed],
    *,
    visible: Callable[[], Visible] = in_reach,
    shown: Callable[[], Shown | None] = as_permitted,
) -> Routes:
    """Asked at every request: the process's feed, what its caller may see, and in which form."""
    routes = Routes("events", "/v1/events", description="Every event since the first day")

    def sight(params: dict[str, Any]) -> Sight:
        wanted = Wanted(tuple(params["types"]), params["customer"])
        return Sight(wanted, visible(), shown())

    @routes.query("", FeedAnswer, FeedParams, right="event.read")
    def list_events(params: dict[str, Any]) -> Response:
        """Events behind a cursor.

        In the order of publication for each customer, at least once each: remove duplicates by
        `id`. Go on from `next_cursor`, however long you were away.
        """
        with _told(lambda detail: bad_parameter("after", detail)):
            page = feed().page(
                params["after"], sight(params), limit=params["limit"], wait=params["wait"]
            )
        return _noted(Response(_json(page), content_type="application/json"), "listEvents")

    @routes.query("/stream", FeedItem, StreamParams, text=EVENT_STREAM, right="event.read")
    def stream_events(params: dict[str, Any]) -> Response:
        """The same as server-sent events.

        `id` is the cursor: the header Last-Event-ID resumes behind it, and goes before `after`. It
        ends when the gateway's token does, within a minute: a client comes back by itself, and
        whoever may not see events any more does not get in again.
        """
        last = request.headers.get(LAST_EVENT_ID, "")
        if request.method == "HEAD":
            return Response(content_type=EVENT_STREAM, headers=_WAYS_OUT)
        with _told(lambda detail: _bad_place(last, detail)):
            left = caller().expires_at - time.time()
            stream = feed().stream(last or params["after"], sight(params), left)
        response = Response(stream, content_type=EVENT_STREAM, headers=_WAYS_OUT)
        return _noted(response, "streamEvents")

    return routes


def _noted(response: Response, operation: str) -> Response:
    if may(PERSONAL):
        response.headers[ACCESSED] = f"{operation} -"
    return response


def _json(page: FeedPage) -> bytes:
    items = [{"cursor": one.cursor, "event": orjson.Fragment(one.body)} for one in page.items]
    told = {"items": items, "next_cursor": page.next_cursor, "caught_up": page.caught_up}
    return orjson.dumps(told)


def _bad_place(last: str, detail: str) -> Problem:
    return bad_header(LAST_EVENT_ID, detail) if last else bad_parameter("after", detail)


@contextmanager
def _told(bad_cursor: Callable[[str], Problem]) -> Iterator[None]:
    """The feed's errors as problems."""
    try:
        yield
    except BadCursor as error:
        raise bad_cursor(error.detail) from None
    except Gone as error:
        raise Problem(410, error.code, error.detail) from None
    except Busy as error:
        detail = f"too many subscribers: {error}"
        raise Problem(503, "feed-busy", detail, headers={"Retry-After": "5"}) from None
