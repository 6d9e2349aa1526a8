"""The token between gateway and services: what is not wholly ours is refused, whatever it says."""

import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode

from events.access.caller import Caller
from events.access.tokens import (
    ISSUER,
    LEEWAY_SECONDS,
    LIFE_SECONDS,
    BadToken,
    Guard,
    Keyring,
    Signer,
    key_id,
    key_set,
    new_key,
    pem,
)
from tests.access import EVERYBODY, a_caller

KEY, OTHER = new_key(), new_key()
KID = key_id(KEY.public_key())
RING = Keyring({KID: KEY.public_key()})
SAM = a_caller("seller", subject="sam", org_unit="north-1", team="red", units=["a"], region=["b"])


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> Guard:
    return Guard("sales", RING, clock)


@pytest.fixture
def signer(clock: Clock) -> Signer:
    return Signer(KEY, KID, clock)


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    told = {
        "iss": ISSUER, "aud": "sales", "sub": "sam", "iat": now, "exp": now + 30,
        "roles": ["seller"], "org_unit": "north", "team": None, "teams": [], "units": [],
        "region": [], **changed,
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not ...}


def signed(key: Any = KEY, algorithm: str = "EdDSA", kid: Any = KID, **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm, headers={"kid": kid})


def test_a_caller_arrives_as_he_was_sent(signer: Signer, guard: Guard) -> None:
    for caller in (SAM, EVERYBODY, Caller("ida", frozenset())):
        assert guard.caller(signer.token(caller, "sales")) == caller


def test_a_token_for_one_service_is_of_no_use_at_another(signer: Signer, guard: Guard) -> None:
    with pytest.raises(BadToken):
        guard.caller(signer.token(SAM, "marketing"))


def test_it_is_believed_until_it_expires_and_not_longer(
    signer: Signer, guard: Guard, clock: Clock
) -> None:
    token = signer.token(SAM, "sales")
    clock.now += LIFE_SECONDS + LEEWAY_SECONDS - 2
    assert guard.caller(token) == SAM
    clock.now += 3
    with pytest.raises(BadToken, match="expired"):
        guard.caller(token)
    with pytest.raises(BadToken, match="expired"):
        Guard("sales", RING, clock).caller(token)  # one that has not seen it before


def test_a_young_token_is_used_again_and_an_old_one_made_anew(signer: Signer, clock: Clock) -> None:
    first = signer.token(SAM, "sales")
    assert signer.token(SAM, "sales") == first
    assert signer.token(SAM, "marketing") != first
    clock.now += LIFE_SECONDS / 2 + 1
    assert signer.token(SAM, "sales") != first


def test_a_token_does_not_outlive_the_sign_in_behind_it(clock: Clock, signer: Signer) -> None:
    leaving = Caller("sam", frozenset({"seller"}), expires_at=clock.now + 5)
    told = jwt.decode(signer.token(leaving, "sales"), options={"verify_signature": False})
    assert told["exp"] == int(clock.now + 5)


def _public_pem() -> bytes:
    return KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


RSA = generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "a.b.c", "é.b.c", "." * 20,
        signed(OTHER),
        signed(OTHER, kid=key_id(OTHER.public_key())),
        jwt.encode(claims(), KEY, "EdDSA"), signed(kid=""), signed(kid="x"),
        signed(RSA, "RS256"),
        jwt.encode(claims(), None, "none", headers={"kid": KID}),
        jwt.api_jws.PyJWS().encode(b"{}", KEY, "EdDSA", headers={"kid": KID}),
        jwt.api_jws.PyJWS().encode(b"[]", KEY, "EdDSA", headers={"kid": KID}),
        signed(roles=...), signed(units=7), signed(roles=[["x"]]),
        signed(iss="somebody"), signed(iss=...), signed(aud=...), signed(aud=["marketing"]),
        signed(sub=...), signed(exp=...), signed(iat=...), signed(exp=0), signed(exp="soon"),
        signed(exp=int(time.time()) + 3600),
        signed(iat=int(time.time()) + 3600, exp=int(time.time()) + 3630),
        signed()[:-4] + "AAAA",
    ],
    ids=lambda token: token[:0],
)  # fmt: skip
def test_what_is_not_wholly_ours_is_refused(guard: Guard, token: str) -> None:
    with pytest.raises(BadToken):
        guard.caller(token)


def test_our_public_key_is_no_secret_to_sign_with(guard: Guard) -> None:
    """Algorithm confusion: HMAC with the public key as its secret."""
    head = base64url_encode(json.dumps({"alg": "HS256", "kid": KID}).encode())
    body = base64url_encode(json.dumps(claims()).encode())
    mac = hmac.new(_public_pem(), head + b"." + body, hashlib.sha256).digest()
    with pytest.raises(BadToken):
        guard.caller(b".".join([head, body, base64url_encode(mac)]).decode())


def test_keys_are_rolled_without_a_restart(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(key_set(KEY.public_key()))
    guard = Guard("sales", Keyring.from_file(file), clock)
    new = Signer(OTHER, key_id(OTHER.public_key()), clock)
    with pytest.raises(BadToken, match="key"):
        guard.caller(new.token(SAM, "sales"))

    file.write_bytes(key_set(KEY.public_key(), OTHER.public_key()))
    os.utime(file, (clock.now + 10, clock.now + 10))

    assert guard.caller(new.token(SAM, "sales")) == SAM
    assert guard.caller(Signer(KEY, KID, clock).token(SAM, "sales")) == SAM


def test_a_signer_reads_its_key_from_a_file(tmp_path: Path, guard: Guard) -> None:
    file = tmp_path / "gateway.pem"
    file.write_bytes(pem(KEY))
    assert guard.caller(Signer.from_file(file).token(SAM, "sales")) == SAM


@pytest.mark.parametrize("content", [b"", b"{}", b'{"keys": [{}]}', b'{"keys": 7}', b"[]"])
def test_a_file_without_keys_is_refused_at_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="JWK"):
        Keyring.from_file(file)
