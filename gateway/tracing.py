"""Trace context (W3C) and correlation id: kept when they are well formed, made when not."""

from __future__ import annotations

import random
import re

import uuid_utils

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
_CORRELATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}")

_dice = random.SystemRandom()
"""Ids that begin a trace must not repeat over processes that were forked from one parent."""


def well_formed(traceparent: str) -> bool:
    return _TRACEPARENT.fullmatch(traceparent) is not None


def new_traceparent() -> str:
    """Begins a trace, sampled: what to keep is for the collector to decide."""
    return f"00-{_dice.getrandbits(128) or 1:032x}-{_dice.getrandbits(64) or 1:016x}-01"


def trace_id(traceparent: str) -> str:
    return traceparent[3:35]


def correlation_id(incoming: str) -> str:
    """The caller's when it is short and printable (it ends up in logs and events), else ours."""
    return incoming if _CORRELATION.fullmatch(incoming) else str(uuid_utils.uuid7())
