"""The signatures that are believed, and the keys that may make them (RFC 8725 section 3.1).

The header of a token names an algorithm, and whoever made the token wrote the header: so the
algorithm has to be one of these, and the key, which is the provider's, has to be of its kind. HS*
is not among them: a public key would be its secret.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

RSA_BITS = 2048
"""A shorter RSA key is none (RFC 7518 section 3.3)."""

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384"}

ALGORITHMS = (*_RSA, *_CURVES.values(), "EdDSA")


def algorithms_of(key: Any) -> tuple[str, ...]:
    """What a key may sign; nothing for a kind of key that is not believed at all."""
    if isinstance(key, RSAPublicKey):
        return _RSA if key.key_size >= RSA_BITS else ()
    if isinstance(key, EllipticCurvePublicKey):
        return tuple(filter(None, [_CURVES.get(key.curve.name)]))
    return ("EdDSA",) if isinstance(key, Ed25519PublicKey) else ()
