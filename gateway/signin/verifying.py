"""A signed token of the provider, as RFC 8725 wants it checked: its algorithm is its key's, the key
is the issuer's, and issuer, audience and times are as they should be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from gateway.problems import Refusal
from gateway.signin.keys import Key, KeysAway, KeySource

LEEWAY_SECONDS = 30
"""By how much the provider's clock and ours may differ."""

SUBJECT_LIMIT = 255  # OpenID Connect Core 1.0, section 2
REQUIRED = ["iss", "aud", "exp", "sub", "iat"]


def not_signed_in(detail: str) -> Refusal:
    return Refusal(
        401, "not-signed-in", detail, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )


def sign_in_away() -> Refusal:
    detail = "the identity provider can't be asked now, and without it nobody can tell"
    return Refusal(503, "sign-in-away", detail, {"Retry-After": "5"})


def verified(
    token: str, issuer: str, audience: str, keys: KeySource, leeway: float = LEEWAY_SECONDS
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims. Raises Refusal: 401, or 503 when no key can be had."""
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        claims = jwt.decode(
            token,
            _key(keys, header.get("kid"), algorithm).public,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=leeway,
            options={"require": REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise not_signed_in(f"the token is not valid here: {_reason(error)}") from None
    subject = claims["sub"]
    if not subject.isprintable() or not 0 < len(subject) <= SUBJECT_LIMIT:
        raise not_signed_in("the token's subject is not a name")
    return header, claims


def _key(keys: KeySource, kid: Any, algorithm: str) -> Key:
    if not isinstance(kid, str):
        raise not_signed_in("the token does not name its key")
    try:
        key = keys.key(kid)
    except KeysAway:
        raise sign_in_away() from None
    if key is None:
        raise not_signed_in("the token's key is not one of the issuer's")
    if algorithm not in key.algorithms:
        raise not_signed_in("the token's algorithm is not its key's")
    return key


_REASONS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "it is for later",
    jwt.InvalidAudienceError: "it is for somebody else",
    jwt.InvalidIssuerError: "it is from another issuer",
    jwt.InvalidSignatureError: "its signature is wrong",
    jwt.MissingRequiredClaimError: "a claim is missing",
}


def _reason(error: Exception) -> str:
    """A few words that help a caller and quote nothing of the token."""
    return _REASONS.get(type(error), "it can't be read")
