"""Standard Webhooks: the headers by which a receiver knows that a message is ours."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed(id: str, at: datetime, body: bytes, with_secrets: Sequence[str]) -> dict[str, str]:
    """`at` is in UTC; while a secret is being rotated there is a signature for each."""
    text = body.decode()
    signatures = [Webhook(secret).sign(id, at, text) for secret in with_secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
