"""The token in a customer's link: a JWT signed with a key that only the platform has.

It names the link, the customer and the end; nothing else, and no event holds it. Whoever can't sign
can't make one, and can't turn one into another customer's. The key is made once, by whichever web
process needs it first, and kept in the platform's database: all of them sign and check with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pymongo.errors import DuplicateKeyError

from events.access.tokens import ALGORITHM, new_key, pem
from events.config import PLATFORM, Config
from events.errors import Corrupt
from events.mongodb import Db, connect, database

ISSUER = "throughline-platform"
AUDIENCE = "own-area"
COLLECTION, KEY = "keys", "own-area"

MAX_TOKEN_CHARS = 1_000
"""Ours have some 400."""

_REQUIRED = ["iss", "aud", "jti", "sub", "exp"]


@dataclass(frozen=True, slots=True)
class Named:
    """What a token that we signed says."""

    link_id: str
    customer_id: str


class LinkTokens:
    """Thread-safe; made after fork. `read_key` is asked at the first use."""

    def __init__(self, read_key: Callable[[], Ed25519PrivateKey]) -> None:
        self._read_key = read_key
        self._key: Ed25519PrivateKey | None = None
        self._lock = threading.Lock()

    def token(self, named: Named, expires_at: datetime) -> str:
        """Always the same one for the same link."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "jti": named.link_id,
            "sub": named.customer_id,
            "exp": int(expires_at.astimezone(UTC).timestamp()),
        }
        return jwt.encode(claims, self._known_key(), ALGORITHM)

    def read(self, token: str) -> Named | None:
        """None for whatever is not ours, or not any more."""
        if len(token) > MAX_TOKEN_CHARS:
            return None
        try:
            claims = jwt.decode(
                token,
                self._known_key().public_key(),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": _REQUIRED},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return Named(claims["jti"], claims["sub"])

    def _known_key(self) -> Ed25519PrivateKey:
        with self._lock:
            if self._key is None:
                self._key = self._read_key()
            return self._key


def key_of(config: Config) -> Ed25519PrivateKey:
    """The installation's key, made now when there is none."""
    with closing(connect(config.mongodb_uri, "throughline-links")) as client:
        return key_in(database(client, config.database(PLATFORM)))


def key_in(db: Db) -> Ed25519PrivateKey:
    """The same, from a database. Of two processes that make one at once, one does."""
    known = db[COLLECTION].find_one({"_id": KEY})
    if known is None:
        try:
            db[COLLECTION].insert_one({"_id": KEY, "pem": pem(new_key()).decode()})
        except DuplicateKeyError:
            """Somebody was faster."""
        known = db[COLLECTION].find_one({"_id": KEY})
    key = load_pem_private_key(known["pem"].encode(), None) if known else None
    if not isinstance(key, Ed25519PrivateKey):
        raise Corrupt("the key of the customers' links is none")
    return key
