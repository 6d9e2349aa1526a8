"""Tokens of the development issuer: for its own token endpoint, the command line and tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import jwt

from events.types import new_id
from gateway.devissuer.keys import ALGORITHM, signing_key

PATH = "/dev/issuer"
AUDIENCE = "throughline"


class Mint:
    """`issuer` is the address of the gateway followed by `PATH`."""

    def __init__(
        self,
        key_file: Path,
        issuer: str,
        audience: str = AUDIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = signing_key(key_file)
        self._issuer = issuer
        self._audience = audience
        self._clock = clock

    def token(self, subject: str, seconds: int = 3600) -> str:
        """An access token for somebody; whether he is anybody is the directory's business."""
        now = int(self._clock())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "iat": now,
            "exp": now + seconds,
            "jti": new_id(),
        }
        return jwt.encode(claims, self._key.private, ALGORITHM, headers={"kid": self._key.kid})
