"""Access tokens of the provider, verified as RFC 8725 and RFC 9068 want it.

Only algorithms with a public key are taken, and only the one that the key itself is for: a token
cannot choose how it is checked. What is verified is remembered for a minute at most.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import jwt

from gateway.problems import Refusal
from gateway.signin.identity import Identity
from gateway.signin.keys import Keys, ProviderAway

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"}
)
LEEWAY_SECONDS = 30
LONGEST = 6 * 1024
REMEMBERED, REMEMBERED_SECONDS = 20_000, 60.0
REQUIRED = ["iss", "aud", "sub", "exp", "iat"]


class Bearer:
    """Verifies tokens for one audience. Thread-safe."""

    def __init__(
        self, issuer: str, audience: str, keys: Keys, clock: Callable[[], float] = time.time
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._lock = threading.Lock()

    def identity(self, token: str) -> Identity:
        """Whose token it is. Raises Refusal: 401, or 503 while the provider's keys can't be had."""
        mark = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        known = self._known.get(mark)
        if known is None or known[1] < now:
            identity = self._verified(token)
            until = min(now + REMEMBERED_SECONDS, identity.expires_at + LEEWAY_SECONDS)
            self._remember(mark, identity, until)
            return identity
        return known[0]

    def _remember(self, mark: bytes, identity: Identity, until: float) -> None:
        with self._lock:
            self._known[mark] = (identity, until)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _verified(self, token: str) -> Identity:
        if len(token) > LONGEST:
            raise invalid("the token is too long")
        try:
            head = jwt.get_unverified_header(token)
            key = self._keys.key(head.get("kid"))
            if key is None:
                raise invalid("the token's key is not the provider's")
            if key.algorithm_name not in ALGORITHMS or head.get("alg") != key.algorithm_name:
                raise invalid("the token is signed in a way that is not taken")
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED},
            )
        except ProviderAway:
            detail = "the sign-in provider is away, and its keys are not known here"
            raise Refusal(503, "sign-in-away", detail, {"Retry-After": "5"}) from None
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise invalid(f"the token is not valid here: {type(error).__name__}") from None
        return Identity(self._issuer, str(claims["sub"]), float(claims["exp"]))


def invalid(detail: str) -> Refusal:
    """RFC 6750: what was shown is not good."""
    return Refusal(
        401, "not-signed-in", detail, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )
