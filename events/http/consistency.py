"""Reading your own writes: a read that carries a token waits until the view holds that write.

`Consistency-Token: <stream>@<version>` comes from a command's answer. `Prefer: wait=<seconds>`
bounds the wait; late, the answer says `Consistency: stale`, or is a 503 under
`Prefer: handling=strict`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from flask import Response, request

from events.http.identifiers import STREAM_PATTERN
from events.http.metrics import CONSISTENCY_LATE, CONSISTENCY_WAIT
from events.http.problem import Problem, bad_header
from events.http.runtime import Runtime, runtime
from events.types import ConsistencyToken

HEADER = "Consistency-Token"
DEFAULT_WAIT_SECONDS = 2.0
MAX_WAIT_SECONDS = 10.0
"""A waiting read holds one of the few request threads."""
MAX_TOKENS = 20
FIRST_STEP_SECONDS = 0.010
LAST_STEP_SECONDS = 0.080
"""Polls double from one to the other: most writes are visible within tens of milliseconds."""

_WAIT = re.compile(r"\s*wait\s*=\s*\"?(\d{1,6}(?:\.\d{1,3})?)\"?\s*", re.ASCII | re.IGNORECASE)
_STREAM = re.compile(STREAM_PATTERN)
_STRICT = re.compile(r"\s*handling\s*=\s*\"?strict\"?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Preference:
    """What `Prefer` asked for; preferences that make no sense are ignored, as RFC 7240 says."""

    wait_seconds: float = DEFAULT_WAIT_SECONDS
    strict: bool = False
    applied: str = ""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How a read with tokens stands to them."""

    current: bool
    applied: str

    def mark(self, response: Response) -> None:
        response.headers["Consistency"] = "current" if self.current else "stale"
        if self.applied:
            response.headers["Preference-Applied"] = self.applied


def parse_preference(text: str) -> Preference:
    wait, strict, applied = DEFAULT_WAIT_SECONDS, False, []
    for part in text.split(","):
        if found := _WAIT.fullmatch(part):
            wait = min(float(found.group(1)), MAX_WAIT_SECONDS)
            applied.append(f"wait={wait:g}")
        elif _STRICT.fullmatch(part):
            strict = True
            applied.append("handling=strict")
    return Preference(wait, strict, ", ".join(applied))


def parse_tokens(text: str) -> Sequence[ConsistencyToken]:
    """Raises a `bad-header` problem when one of them is no token, or when there are too many."""
    parts = text.split(",")
    if len(parts) > MAX_TOKENS:
        raise bad_header(HEADER, f"at most {MAX_TOKENS} tokens")
    try:
        tokens = [ConsistencyToken.parse(part) for part in parts]
    except ValueError:
        raise bad_header(HEADER, "must be <stream>@<version>, several with commas") from None
    if not all(token.version and _STREAM.fullmatch(token.stream) for token in tokens):
        raise bad_header(HEADER, "names no version of a stream")
    return tokens


def wait_for_tokens() -> Freshness | None:
    """Waits as the current request asks; None when it carries no token. Raises `Problem` 503."""
    text = request.environ.get("HTTP_CONSISTENCY_TOKEN")
    if text is None:
        return None
    tokens = parse_tokens(text)
    preference = parse_preference(request.environ.get("HTTP_PREFER", ""))
    here = runtime()
    started = monotonic()
    current = _wait(here, list(tokens), started + preference.wait_seconds)
    CONSISTENCY_WAIT.labels(here.name).observe(monotonic() - started)
    if not current:
        CONSISTENCY_LATE.labels(here.name).inc()
        if preference.strict:
            raise _too_late(preference)
    return Freshness(current, preference.applied)


def _wait(here: Runtime, tokens: list[ConsistencyToken], deadline: float) -> bool:
    """True as soon as the view holds all; False at the deadline, or when waiting is in vain."""
    step = FIRST_STEP_SECONDS
    while True:
        tokens = [token for token in tokens if not here.views.holds(token)]
        if not tokens:
            return True
        left = deadline - monotonic()
        if left <= 0 or any(here.views.blocked(token.stream) for token in tokens):
            return False
        if here.health.draining.wait(min(step, left)):
            return False
        step = min(step * 2, LAST_STEP_SECONDS)


def _too_late(preference: Preference) -> Problem:
    headers = {
        "Retry-After": "1",
        "Consistency": "stale",
        "Preference-Applied": preference.applied,
    }
    detail = "the view does not hold the write of the consistency token yet"
    return Problem(503, "not-yet-consistent", detail, headers=headers)
