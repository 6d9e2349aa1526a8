"""Who somebody is according to the provider that signed him in. What he may is not its business."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """`subject` is unique within `issuer`; `client_id` is the program that asks for him, where the
    provider tells it. Good until `expires_at`, in seconds since 1970."""

    issuer: str
    subject: str
    client_id: str | None
    expires_at: float
