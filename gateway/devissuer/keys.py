"""The development issuer's key: made at its first start, kept in a file for the next ones."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import OKPAlgorithm

from events.access.tokens import key_id, new_key, pem

ALGORITHM = "EdDSA"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its id."""

    private: Ed25519PrivateKey
    kid: str

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as a provider publishes it."""
        told: dict[str, Any] = OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**told, "kid": self.kid, "alg": ALGORITHM, "use": "sig"}

    @property
    def public(self) -> jwt.PyJWK:
        return jwt.PyJWK(self.jwk)


def signing_key(file: Path) -> SigningKey:
    """The key of the file, made when it is not there; two processes that start at once get one."""
    if not file.exists():
        _make(file)
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{file} holds no Ed25519 key")
    return SigningKey(key, key_id(key.public_key()))


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=file.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(pem(new_key()))
        with suppress(FileExistsError):
            os.link(partial, file)  # fails when another was faster: then its key is the one
    finally:
        Path(partial).unlink()
