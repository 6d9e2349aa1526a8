"""One tree of errors, split by what whoever catches them can do.

ThroughlineError
├── Rejected            the caller must change the request (4xx); nothing was written
│   ├── Invalid         a field is wrong (422), with JSON Pointers
│   ├── NotFound        there is no such thing (404)
│   ├── Forbidden       the caller may not put it there (403)
│   ├── RuleBroken      a rule of the domain forbids it (409), with a stable code
│   ├── TooLarge        the input exceeds a cap (413)
│   └── KeyReused       the Idempotency-Key belongs to another request (422)
├── Conflict            somebody else was faster; the caller may retry (409)
│   ├── VersionConflict another commit took the version
│   └── InFlight        the same Idempotency-Key is being worked on
├── PreconditionFailed  If-Match names another version (412)
├── Transient           retry here, with backoff: a server is away or changing its primary
├── Poison              this event cannot be applied: park its stream
├── Fenced              another process owns the work now: stop this worker's part
└── Corrupt             an invariant of the data is broken: halt and page
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ThroughlineError(Exception):
    """Root of the tree; never raised itself."""


class Rejected(ThroughlineError):
    """A refusal with a stable `code` (kebab-case) and a sentence for a person."""

    def __init__(self, code: str, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts: Mapping[str, Any] = facts


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong (`detail`) at which place of the body (`pointer`, RFC 6901)."""

    pointer: str
    detail: str


class Invalid(Rejected):
    """The request is malformed; `faults` names each field."""

    def __init__(self, detail: str, faults: Sequence[FieldFault] = ()) -> None:
        super().__init__("invalid", detail)
        self.faults = tuple(faults)


class NotFound(Rejected):
    """What the request names does not exist."""

    def __init__(self, what: str, id: str) -> None:
        super().__init__("not-found", f"there is no {what} {id}", what=what, id=id)


class Forbidden(Rejected):
    """The caller's right does not reach where the record would belong."""

    def __init__(self, detail: str) -> None:
        super().__init__("forbidden", detail)


class RuleBroken(Rejected):
    """A rule of the domain says no; `code` names the rule."""


class TooLarge(Rejected):
    """More events or bytes than one commit may carry."""

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__("too-large", detail, **facts)


class KeyReused(Rejected):
    """The same Idempotency-Key came with another body."""

    def __init__(self, command_id: str) -> None:
        super().__init__(
            "idempotency-key-reused", f"the key {command_id} was used for another request"
        )


class Conflict(ThroughlineError):
    """Lost a race; the caller may try again."""


class VersionConflict(Conflict):
    """Another commit holds the version that this one wanted."""

    def __init__(self, stream: str, version: int) -> None:
        super().__init__(f"version {version} of {stream} is taken")
        self.stream = stream
        self.version = version


class InFlight(Conflict):
    """The first request with this Idempotency-Key has not been answered yet."""


class PreconditionFailed(ThroughlineError):
    """The caller's If-Match names a version that is not the current one."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at version {actual}, not {expected}")
        self.actual = actual


class Transient(ThroughlineError):
    """Worth another try by the same worker."""


class Poison(ThroughlineError):
    """An event that no retry will make applicable."""

    def __init__(self, entry: str, reason: str) -> None:
        super().__init__(f"{entry}: {reason}")
        self.entry = entry
        self.reason = reason


class Fenced(ThroughlineError):
    """Another process has taken over."""


class Corrupt(ThroughlineError):
    """Data contradicts an invariant; carrying on would spread the damage."""
