"""An answer that is an error, as an exception: raised anywhere below a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from events.errors import FieldFault

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:throughline:problem:"

MAX_ERRORS = 100
"""A body can be wrong in a million places; the first hundred help, more would be an attack."""
MAX_POINTER = 500
_TITLES = {"internal": "Internal Server Error"}


class Problem(Exception):
    """An answer that is an error. `errors` are `{pointer|parameter|header, detail}`."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.facts = facts


def problem_members(
    status: int, code: str, detail: str, *, instance: str = "", trace: str = "", **members: Any
) -> dict[str, Any]:
    """The members of one problem in their order; empty ones are left out.

    The title is stable per type, as RFC 9457 asks.
    """
    known = {
        "type": TYPE_PREFIX + code,
        "title": _TITLES.get(code) or code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "instance": instance,
        "trace": trace,
    }
    return {key: value for key, value in {**known, **members}.items() if value}


def problem_body(status: int, code: str, detail: str, **members: Any) -> bytes:
    """One problem, encoded."""
    return orjson.dumps(problem_members(status, code, detail, **members))


def bad_parameter(name: str, detail: str) -> Problem:
    """400: a query parameter makes no sense."""
    return bad_parameters([(name, detail)])


def bad_parameters(faults: Sequence[tuple[str, str]]) -> Problem:
    """400 naming each parameter."""
    names = ", ".join(sorted({name for name, _ in faults})[:10])
    errors = [{"parameter": name, "detail": detail} for name, detail in faults[:MAX_ERRORS]]
    return Problem(400, "bad-parameter", f"wrong in the query: {names}", errors=errors)


def bad_header(name: str, detail: str) -> Problem:
    """400: a request header makes no sense."""
    errors = [{"header": name, "detail": detail}]
    return Problem(400, "bad-header", f"{name}: {detail}", errors=errors)


def invalid_body(faults: Sequence[FieldFault], detail: str = "the body is not valid") -> Problem:
    """422 with a JSON Pointer for each fault."""
    errors = [
        {"pointer": fault.pointer[:MAX_POINTER], "detail": fault.detail}
        for fault in faults[:MAX_ERRORS]
    ]
    return Problem(422, "invalid", detail, errors=errors)
