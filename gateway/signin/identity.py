"""Who somebody is, as his provider says it; nothing about what he may."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """`subject` is the login in the directory; `expires_at` in seconds since the epoch."""

    issuer: str
    subject: str
    expires_at: float
