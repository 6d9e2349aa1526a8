"""Tokens of the development issuer: for its own token endpoint, the command line and tests.

Mint(Path(".local/keys/issuer.pem"), f"{gateway}/dev/issuer").token("sam")
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt

from events.types import new_id
from gateway.devissuer.keys import ALGORITHM, signing_key

AUDIENCE = "throughline"


class Mint:
    """`issuer` is the address of the gateway followed by `/dev/issuer`. Thread-safe."""

    def __init__(
        self,
        key_file: Path,
        issuer: str,
        audience: str = AUDIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self._key = signing_key(key_file)
        self._audience = audience
        self._clock = clock

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half of its key, as a provider tells it."""
        return self._key.jwk

    def token(self, subject: str, seconds: int = 3600, client_id: str | None = None) -> str:
        """An access token for somebody; whether he is anybody is the directory's business."""
        client = {} if client_id is None else {"azp": client_id}
        return self._sign({"aud": self._audience, "sub": subject, **client}, seconds)

    def id_token(self, subject: str, client_id: str, nonce: str | None, seconds: int) -> str:
        """Tells a client who has signed in. It opens nothing: it is not for our audience."""
        asked = {} if nonce is None else {"nonce": nonce}
        return self._sign({"aud": client_id, "sub": subject, **asked}, seconds)

    def signed_out(self, id_token: str) -> str | None:
        """The subject of an ID token of ours, however old; None when it is not ours."""
        try:
            public = self._key.private.public_key()
            claims = jwt.decode(
                id_token,
                public,
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                options={"verify_aud": False, "verify_exp": False},
            )
        except (jwt.PyJWTError, ValueError):
            return None
        return str(claims["sub"])

    def _sign(self, claims: dict[str, Any], seconds: int) -> str:
        now = int(self._clock())
        stamped = {"iss": self.issuer, "iat": now, "exp": now + seconds, "jti": new_id(), **claims}
        return jwt.encode(stamped, self._key.private, ALGORITHM, headers={"kid": self._key.kid})
