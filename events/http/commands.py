"""From an HTTP request to a command and back: one form of answer for every command.

    return answer_create(ORDER, new_id(), lambda origin: PlaceOrder(at=origin.occurred_at, ...))
    return answer_change(ORDER, order_id, lambda origin: CompleteOrder(at=origin.occurred_at))

The answer names the stream, its version and the new events. `ETag` is the version, for the next
`If-Match`; `Consistency-Token` lets a read wait for this write; `Idempotency-Replayed` says that
an earlier request with the same key did it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields

from events.commands import Done
from events.deciding import Decider, Origin
from events.errors import NotFound, PreconditionFailed, RuleBroken
from events.http.context import asked
from events.http.encoding import public, to_json
from events.http.guard import reach
from events.http.problem import Problem, bad_header
from events.http.runtime import runtime
from events.types import VERSION_DIGITS, ConsistencyToken, Version, utc_now

Build = Callable[[Origin], Any]
"""Makes the command; time and actor are the origin's."""

NEW = Version(0)
_KEY = re.compile(r"[\x20-\x7e]{1,200}")
_ETAG = re.compile(rf'"(\d{{1,{VERSION_DIGITS}}})"', re.ASCII)


class CommandAnswer(Schema):
    """What a command led to; no events when nothing had to happen."""

    id = fields.String(required=True, metadata={"description": "the aggregate's id"})
    stream = fields.String(required=True, metadata={"description": "the aggregate's stream"})
    version = fields.Integer(required=True, metadata={"description": "the stream's version now"})
    events = fields.List(
        fields.String(), required=True, metadata={"description": "ids of the new events"}
    )


def answer_create(
    decider: Decider[Any, Any],
    aggregate_id: str,
    build: Build,
    *,
    location: str | None = None,
    occurred_at: datetime | None = None,
    more: Callable[[str], Mapping[str, Any]] | None = None,
) -> Response:
    """201 for a new aggregate; `location` defaults to `<this path>/<id>`, `occurred_at` to now.

    `more` tells, by the aggregate's id, what the answer says besides; when the request is repeated
    that is the id of the first one's. A stream that exists already is a `RuleBroken`
    `<aggregate>-exists`.
    """
    try:
        done = _execute(decider, aggregate_id, build, NEW, occurred_at)
    except PreconditionFailed:
        name = decider.aggregate
        raise RuleBroken(f"{name}-exists", f"there is a {name} {aggregate_id} already") from None
    response = _answer(done, 201, more(done.stream.id) if more else {})
    response.headers["Location"] = location or f"{request.path}/{done.stream.id}"
    return response


def answer_change(decider: Decider[Any, Any], aggregate_id: str, build: Build) -> Response:
    """200 for a command on an existing aggregate; wants `If-Match`."""
    expected = expected_version()
    try:
        return _answer(_execute(decider, aggregate_id, build, expected), 200)
    except PreconditionFailed as failed:
        if failed.actual == NEW:
            raise NotFound(decider.aggregate, aggregate_id) from None
        raise


def answer_either(decider: Decider[Any, Any], aggregate_id: str, build: Build) -> Response:
    """200 for a command that an aggregate takes whether it exists or not; `If-Match` is heeded."""
    given = "HTTP_IF_MATCH" in request.environ
    expected = expected_version() if given else None
    return _answer(_execute(decider, aggregate_id, build, expected), 200)


def expected_version() -> Version | None:
    """What `If-Match` names; None for `*`. Raises a 428 `Problem` without, 400 for nonsense."""
    given = request.environ.get("HTTP_IF_MATCH")
    if given is None:
        detail = 'send If-Match with the ETag that you saw, or If-Match: * for "whatever it is now"'
        raise Problem(428, "precondition-required", detail)
    if given.strip() == "*":
        return None
    found = _ETAG.fullmatch(given.strip())
    if found is None:
        raise bad_header("If-Match", 'must be one strong entity tag, like "7", or *')
    return Version(int(found.group(1)))


def origin_of_request() -> Origin:
    """Who asks, with the idempotency key. Raises a 400 `Problem` for a malformed key."""
    envelope = asked()
    key = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not _KEY.fullmatch(key):
        raise bad_header("Idempotency-Key", "must be 1 to 200 printable ASCII characters")
    return Origin(
        actor=envelope.actor,
        occurred_at=utc_now(),
        command_id=key,
        command_hash=_command_hash(envelope.actor) if key else None,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        traceparent=envelope.traceparent,
    )


def _command_hash(actor: str) -> str:
    """Two requests are the same command when all of this is the same."""
    head = f"{request.method}\n{request.path}\n{actor}\n".encode()
    return hashlib.sha256(head + request.get_data(cache=True)).hexdigest()


def _execute(
    decider: Decider[Any, Any],
    aggregate_id: str,
    build: Build,
    expected: Version | None,
    occurred_at: datetime | None = None,
) -> Done:
    here = runtime()
    origin = origin_of_request()
    if occurred_at is not None:
        origin = replace(origin, occurred_at=occurred_at)
    with here.in_flight.held(origin.command_id):
        return here.commands.execute(
            decider,
            aggregate_id,
            build(origin),
            origin,
            expected=expected,
            permit=reach().covers,
        )


def answer_job(document: Mapping[str, Any]) -> Response:
    """202 for what goes on after the answer; `<this path>/<id>` tells how far it is."""
    response = Response(to_json(public(document)), 202, content_type="application/json")
    response.headers["Location"] = f"{request.path}/{document['_id']}"
    return response


def _answer(done: Done, status: int, more: Mapping[str, Any] | None = None) -> Response:
    body = {
        **(more or {}),
        "id": done.stream.id,
        "stream": done.stream,
        "version": done.version,
        "events": done.event_ids,
    }
    response = Response(to_json(body), status, content_type="application/json")
    headers = response.headers
    headers["ETag"] = f'"{done.version}"'
    if done.version:
        headers["Consistency-Token"] = str(ConsistencyToken(done.stream, done.version))
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return response
