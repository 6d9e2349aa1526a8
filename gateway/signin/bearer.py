"""From `Authorization: Bearer …` to an identity: an access token of the one issuer, for us, now.

Every command and every read passes here, so a token that was verified is remembered for a minute,
by its hash: whoever reads this process's memory finds no tokens.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from gateway.signin.identity import Identity
from gateway.signin.keys import KeySource
from gateway.signin.verifying import LEEWAY_SECONDS, not_signed_in, verified

TOKEN_LIMIT = 8 * 1024
REMEMBERED = 10_000
REMEMBERED_SECONDS = 60.0

OTHER_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "events", "cnf"})
"""Claims of ID tokens and logout tokens, which the same key signs and which give no access, and of
tokens that are worth nothing without a proof of possession."""

_FORM = re.compile(r"bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+) *", re.IGNORECASE)


def token_of(header: str) -> str:
    """The token in an Authorization header. Two of them, joined by a comma, are none."""
    if len(header) > TOKEN_LIMIT:
        raise not_signed_in(f"the Authorization header is longer than {TOKEN_LIMIT} bytes")
    found = _FORM.fullmatch(header)
    if found is None:
        raise not_signed_in("the Authorization header is not: Bearer, a space, one JWT")
    return found[1]


class Bearer:
    """Thread-safe; made after fork."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        keys: KeySource,
        clock: Callable[[], float] = time.time,
        leeway: float = LEEWAY_SECONDS,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock
        self._leeway = leeway
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._lock = threading.Lock()

    def identity(self, header: str) -> Identity:
        """Whose token the header carries. Raises Refusal: 401, or 503 when no key can be had."""
        name = hashlib.sha256(header.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            known = self._known.get(name)
            if known is not None and self._clock() < known[1]:
                self._known.move_to_end(name)
                return known[0]
        identity = self.verify(token_of(header))
        self._remember(name, identity)
        return identity

    def verify(self, token: str) -> Identity:
        """Raises Refusal, like `identity`; remembers nothing."""
        _, claims = verified(token, self._issuer, self._audience, self._keys, self._leeway)
        if OTHER_TOKENS & claims.keys() or claims.get("typ", "Bearer") != "Bearer":
            raise not_signed_in("this is no access token that may be borne")
        client = claims.get("azp", claims.get("client_id"))
        client = client if isinstance(client, str) else None
        return Identity(self._issuer, claims["sub"], client, float(claims["exp"]))

    def _remember(self, name: bytes, identity: Identity) -> None:
        until = min(identity.expires_at, self._clock() + REMEMBERED_SECONDS)
        with self._lock:
            self._known[name] = (identity, until)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
