"""One tree of errors, split by what the caller can do.

ThroughlineError
├── Problem              the platform said no, as `application/problem+json`
│   ├── NotSignedIn      401: the token is missing, wrong or over
│   ├── Forbidden        403: the right is missing, or does not reach so far
│   ├── NotFound         404: there is no such thing, or none that the caller may see
│   ├── Conflict         409: a rule of the domain, or somebody was faster (`code` says which)
│   ├── Gone             410: the cursor's place is no longer there; begin anew
│   ├── PreconditionFailed  412: it changed since it was read; `etag` is what it is now
│   ├── Invalid          422: `errors` names each field by a JSON Pointer
│   ├── TooManyRequests  429: later; it was tried again as long as patience lasted
│   ├── Unavailable      502, 503, 504: likewise
│   └── Behind           a read does not show the write that it was to contain
├── Unreachable          no answer came, as long as patience lasted
└── SignInFailed         the issuer gave no token
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

TYPE_PREFIX = "urn:throughline:problem:"
RACES = frozenset({"conflict", "version-conflict", "in-flight"})
"""Codes of 409 that another try may get past; every other 409 is a rule of the domain."""


class ThroughlineError(Exception):
    """Root of the tree; never raised itself. `retry_after` is in seconds, where one was named."""

    retry_after: float | None = None


class Unreachable(ThroughlineError):
    """No answer, or half of one: what was asked for may have been done all the same.

    Also when it is the issuer of our token that does not answer.
    """


class SignInFailed(ThroughlineError):
    """The issuer refused, or answered what is no token."""


class Problem(ThroughlineError):
    """An answer that is an error. `errors` are `{pointer|parameter|header, detail}`.

    `type` is stable, and `code` its last part; `trace` finds the request in the platform's logs.
    """

    statuses: ClassVar[Sequence[int]] = ()

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any],
        *,
        retry_after: float | None = None,
        etag: str | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.type = _text(body.get("type")) or "about:blank"
        self.title = _text(body.get("title"))
        self.detail = _text(body.get("detail"))
        self.trace = _text(body.get("trace"))
        self.errors: Sequence[Mapping[str, Any]] = _mappings(body.get("errors"))
        self.facts: Mapping[str, Any] = _mapping(body.get("facts"))
        self.retry_after = retry_after
        self.etag = etag
        super().__init__(self._sentence())

    @property
    def code(self) -> str:
        """`order-completed` of `urn:throughline:problem:order-completed`."""
        return self.type.removeprefix(TYPE_PREFIX)

    def _sentence(self) -> str:
        faults = "; ".join(_fault(one) for one in self.errors)
        said = ": ".join(filter(None, (self.code, self.detail or self.title, faults)))
        return f"{self.status} {said}"


class NotSignedIn(Problem):
    statuses = (401,)


class Forbidden(Problem):
    statuses = (403,)


class NotFound(Problem):
    statuses = (404,)


class Conflict(Problem):
    statuses = (409,)


class Gone(Problem):
    statuses = (410,)


class PreconditionFailed(Problem):
    statuses = (412,)


class Invalid(Problem):
    statuses = (422,)


class TooManyRequests(Problem):
    statuses = (429,)


class Unavailable(Problem):
    statuses = (502, 503, 504)


class Behind(Problem):
    """The write itself is safe; only the view lags."""


NOT_YET = "not-yet-consistent"
_KINDS = {status: kind for kind in Problem.__subclasses__() for status in kind.statuses}


def problem_of(
    status: int, body: Any, *, retry_after: float | None = None, etag: str | None = None
) -> Problem:
    """The error of its status; `body` may be whatever came, for not all that answers is ours."""
    told = _mapping(body)
    late = told.get("type") == TYPE_PREFIX + NOT_YET
    kind = Behind if late else _KINDS.get(status, Problem)
    return kind(status, told, retry_after=retry_after, etag=etag)


def passes(error: ThroughlineError) -> bool:
    """Whether the same request may succeed a moment later."""
    if isinstance(error, Conflict):
        return error.code in RACES
    return isinstance(error, (Unreachable, TooManyRequests, Unavailable))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _fault(error: Mapping[str, Any]) -> str:
    where = error.get("pointer") or error.get("parameter") or error.get("header") or ""
    return f"{where} {error.get('detail', '')}".strip()
