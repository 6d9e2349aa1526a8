"""Every error of every kind as RFC 9457 `application/problem+json`.

`problem_of` is one table from exception types to problems; nothing is matched on message text.
What the table does not know is a 500 that tells the caller nothing but a trace id.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch

import structlog
from flask import Flask, Response, request
from marshmallow import ValidationError
from pymongo.errors import ExecutionTimeout, PyMongoError
from werkzeug.exceptions import HTTPException

from events.contracts.base import flatten_faults
from events.errors import (
    Conflict,
    Forbidden,
    InFlight,
    Invalid,
    KeyReused,
    NotFound,
    PreconditionFailed,
    Rejected,
    RuleBroken,
    TooLarge,
    Transient,
    VersionConflict,
)
from events.http.context import trace_id
from events.http.encoding import to_json
from events.http.problem import MEDIA_TYPE, Problem, invalid_body, problem_members
from events.mongodb import is_transient

RETRY_SOON = {"Retry-After": "1"}
RETRY_LATER = {"Retry-After": "2"}
"""A MongoDB primary is usually elected within a few seconds."""

_log = structlog.get_logger("events.http")

_CODES = {
    400: "bad-request",
    404: "not-found",
    413: "too-large",
    500: "internal",
}
_HEADERS_OWED: Mapping[int, tuple[str, str]] = {
    401: ("WWW-Authenticate", "Bearer"),
    429: ("Retry-After", "1"),
    503: ("Retry-After", "2"),
}
"""RFC 9110: these statuses are incomplete without their header."""


@singledispatch
def problem_of(_error: BaseException) -> Problem:
    """What the caller is told about an exception."""
    return Problem(500, "internal", "something went wrong here; the trace id finds it in the logs")


@problem_of.register
def _problem(error: Problem) -> Problem:
    return error


@problem_of.register
def _rejected(error: Rejected) -> Problem:
    return Problem(422, error.code, error.detail, facts=error.facts)


@problem_of.register
def _invalid(error: Invalid) -> Problem:
    return invalid_body(error.faults, error.detail)


@problem_of.register
def _not_found(error: NotFound) -> Problem:
    return Problem(404, error.code, error.detail, facts=error.facts)


@problem_of.register
def _forbidden(error: Forbidden) -> Problem:
    errors = [{"pointer": "/scope", "detail": "is out of the caller's reach"}]
    return Problem(403, error.code, error.detail, errors=errors)


@problem_of.register
def _rule_broken(error: RuleBroken) -> Problem:
    return Problem(409, error.code, error.detail, facts=error.facts)


@problem_of.register
def _too_large(error: TooLarge) -> Problem:
    return Problem(413, error.code, error.detail, facts=error.facts)


@problem_of.register
def _key_reused(error: KeyReused) -> Problem:
    return Problem(422, error.code, "this Idempotency-Key was used for another request")


@problem_of.register
def _conflict(error: Conflict) -> Problem:
    return Problem(409, "conflict", str(error), headers=RETRY_SOON)


@problem_of.register
def _version_conflict(error: VersionConflict) -> Problem:
    return Problem(409, "version-conflict", str(error), headers=RETRY_SOON)


@problem_of.register
def _in_flight(_error: InFlight) -> Problem:
    detail = "the first request with this Idempotency-Key is still being worked on"
    return Problem(409, "in-flight", detail, headers=RETRY_SOON)


@problem_of.register
def _precondition(error: PreconditionFailed) -> Problem:
    headers = {"ETag": f'"{error.actual}"'}
    return Problem(412, "precondition-failed", str(error), headers=headers)


@problem_of.register
def _transient(_error: Transient) -> Problem:
    return Problem(503, "unavailable", "a server is away; try again", headers=RETRY_LATER)


@problem_of.register
def _mongodb(error: PyMongoError) -> Problem:
    if isinstance(error, ExecutionTimeout):
        return Problem(503, "too-slow", "the query took too long", headers=RETRY_LATER)
    if is_transient(error):
        return _transient(Transient())
    return problem_of(Exception())


@problem_of.register
def _validation(error: ValidationError) -> Problem:
    return invalid_body(flatten_faults(error.messages))


@problem_of.register
def _http(error: HTTPException) -> Problem:
    status = error.code or 500
    if status == 500:
        return problem_of(Exception())
    skipped = ("content-type", "content-length")
    headers = {name: value for name, value in error.get_headers() if name.lower() not in skipped}
    code = _CODES.get(status) or error.name.lower().replace(" ", "-")
    return Problem(status, code, error.description or error.name, headers=headers)


def render(problem: Problem) -> Response:
    """The response, with the headers that its status owes."""
    body = problem_members(
        problem.status,
        problem.code,
        problem.detail,
        instance=request.path,
        trace=trace_id(),
        errors=list(problem.errors),
        facts=dict(problem.facts or {}),
    )
    response = Response(to_json(body), problem.status, problem.headers, content_type=MEDIA_TYPE)
    if owed := _HEADERS_OWED.get(problem.status):
        response.headers.setdefault(*owed)
    return response


def answer_error(error: Exception) -> Response:
    """Flask's handler for whatever was raised while a request was handled."""
    if isinstance(error, HTTPException) and error.response is not None:
        return error.response  # type: ignore[return-value]
    problem = problem_of(error)
    if problem.status == 500:
        _log.error("request failed", exc_info=error, method=request.method)
    elif problem.status == 503:
        _log.warning("request refused", reason=problem.code, error=type(error).__name__)
    return render(problem)


def register_problems(app: Flask) -> None:
    """Makes every error of the app a problem document."""
    app.register_error_handler(Exception, answer_error)
