"""The token between gateway and services: who asks, signed, for one service, for seconds.

A JWT signed by the gateway with Ed25519 (RFC 8037). Services hold public keys only, so no service
can speak for anybody; a token for one is of no use at another. No token outlives
`LIFE_SECONDS`: what the directory takes away is gone everywhere by then.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm

from events.access.caller import Caller

ISSUER = "throughline-gateway"
ALGORITHM = "EdDSA"
LIFE_SECONDS = 45
LEEWAY_SECONDS = 5
"""By how much the clocks of two machines may differ."""

CACHED = 10_000
_REQUIRED = ["iss", "aud", "sub", "exp", "iat"]


class BadToken(Exception):
    """The token is not one of ours, not for us, or not any more; the text names no secret."""


class Signer:
    """The gateway's half. Keeps a token per caller and audience while it is young: signing costs
    a hundred times what looking up does."""

    def __init__(self, key: Ed25519PrivateKey, kid: str, clock: Callable[[], float] = time.time):
        self._key = key
        self._kid = kid
        self._clock = clock
        self._made: OrderedDict[tuple[Caller, str], tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def from_file(cls, file: Path) -> Signer:
        """Reads a PKCS #8 PEM; the key's id is the thumbprint of its public half."""
        key = load_pem_private_key(file.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{file} holds no Ed25519 key")
        return cls(key, key_id(key.public_key()))

    def token(self, caller: Caller, audience: str) -> str:
        """A token that is good for at least half its life."""
        now = self._clock()
        with self._lock:
            made = self._made.get((caller, audience))
        if made and made[1] - now > LIFE_SECONDS / 2 and made[1] <= caller.expires_at:
            return made[0]
        expires = min(now + LIFE_SECONDS, caller.expires_at)
        token = self._sign(caller, audience, now, expires)
        with self._lock:
            self._made[caller, audience] = (token, expires)
            while len(self._made) > CACHED:
                self._made.popitem(last=False)
        return token

    def _sign(self, caller: Caller, audience: str, now: float, expires: float) -> str:
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": caller.subject,
            "iat": int(now),
            "exp": int(expires),
            "roles": sorted(caller.roles),
            "org_unit": caller.org_unit,
            "team": caller.team,
            "teams": sorted(caller.teams),
            "units": sorted(caller.units),
            "region": sorted(caller.region - caller.units),
        }
        return jwt.encode(claims, self._key, ALGORITHM, headers={"kid": self._kid})


class Keyring:
    """The public keys that a service believes, by id; a JWK set in a file, read again when it
    changes, so that keys are rolled without a restart."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey], file: Path | None = None) -> None:
        self._keys = dict(keys)
        self._file = file
        self._read = _stamp(file)

    @classmethod
    def from_file(cls, file: Path) -> Keyring:
        """Raises ValueError for what is no set of Ed25519 keys, OSError when it is not there."""
        return cls(_keys_of(file.read_bytes()), file)

    def key(self, kid: str) -> Ed25519PublicKey | None:
        if kid not in self._keys and self._file and _stamp(self._file) != self._read:
            self._read = _stamp(self._file)
            self._keys = _keys_of(self._file.read_bytes())
        return self._keys.get(kid)


class Guard:
    """A service's half: from a token to its caller. Thread-safe; verified tokens are remembered
    until they expire, since a caller's next request usually carries the same one."""

    def __init__(
        self, audience: str, keyring: Keyring, clock: Callable[[], float] = time.time
    ) -> None:
        self._audience = audience
        self._keyring = keyring
        self._clock = clock
        self._known: OrderedDict[str, Caller] = OrderedDict()
        self._lock = threading.Lock()

    def caller(self, token: str) -> Caller:
        """Raises BadToken."""
        with self._lock:
            known = self._known.get(token)
        if known is None:
            known = self._verify(token)
            with self._lock:
                self._known[token] = known
                while len(self._known) > CACHED:
                    self._known.popitem(last=False)
        if known.expires_at + LEEWAY_SECONDS <= self._clock():
            raise BadToken("the token has expired")
        return known

    def _verify(self, token: str) -> Caller:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keyring.key(kid) if isinstance(kid, str) else None
            if key is None:
                raise BadToken("the token's key is not known here")
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=ISSUER,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED, "verify_exp": False},
            )
            return _caller(claims)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise BadToken(f"the token is not valid here: {type(error).__name__}") from None


def _caller(claims: Mapping[str, Any]) -> Caller:
    units = frozenset(claims["units"])
    if claims["exp"] - claims["iat"] > LIFE_SECONDS + 1:
        raise BadToken("the token lives too long")
    return Caller(
        subject=claims["sub"],
        roles=frozenset(claims["roles"]),
        org_unit=claims["org_unit"],
        team=claims["team"],
        teams=frozenset(claims["teams"]),
        units=units,
        region=frozenset(claims["region"]) | units,
        expires_at=claims["exp"],
    )


def key_id(key: Ed25519PublicKey) -> str:
    """The thumbprint of RFC 7638."""
    told = orjson.dumps(OKPAlgorithm.to_jwk(key, as_dict=True), option=orjson.OPT_SORT_KEYS)
    return base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=").decode()


def new_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def key_set(*keys: Ed25519PublicKey) -> bytes:
    """A JWK set (RFC 7517) as bytes."""
    told = [{**OKPAlgorithm.to_jwk(key, as_dict=True), "kid": key_id(key)} for key in keys]
    return orjson.dumps({"keys": told})


def _keys_of(content: bytes) -> dict[str, Ed25519PublicKey]:
    try:
        listed = orjson.loads(content)["keys"]
        found = {one["kid"]: OKPAlgorithm.from_jwk(one) for one in listed}
    except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise ValueError(f"no JWK set: {type(error).__name__}") from None
    if not all(isinstance(key, Ed25519PublicKey) for key in found.values()):
        raise ValueError("the JWK set holds something else than public Ed25519 keys")
    return found  # type: ignore[return-value]


def _stamp(file: Path | None) -> float:
    return file.stat().st_mtime if file and file.exists() else 0.0
