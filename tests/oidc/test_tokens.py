"""Access tokens that a real Keycloak gave, and forgeries of them, at a real gateway."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.integration.gateway.little import until
from tests.oidc.conftest import Stage
from tests.oidc.keycloak import ADMIN, ASK_SECONDS
from tests.oidc.keycloak import PASSWORD as ADMIN_PASSWORD
from tests.oidc.realm import BRIEF, DIRECT, MACHINE, PASSWORD, SIGNED, STRANGER

pytestmark = pytest.mark.oidc

REFUSED = "not-signed-in"
LEEWAY_SECONDS = 30


def part(told: Any) -> str:
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    told: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return told


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def key_of(stage: Stage, kid: str) -> dict[str, Any]:
    (found,) = [key for key in stage.realm.published_keys() if key["kid"] == kid]
    return found


def test_a_machine_comes_in_by_its_secret(stage: Stage) -> None:
    answer = stage.ask(stage.realm.token(MACHINE))
    assert (answer.status_code, answer.json()["target"]) == (200, "/v1/orders")
    (passed,) = stage.sales.seen[-1].values("Authorization")
    assert jwt.get_unverified_header(passed.removeprefix("Bearer "))["alg"] == "EdDSA"
    assert claims_of(passed.removeprefix("Bearer "))["sub"] == MACHINE


@pytest.mark.parametrize("client", SIGNED)
def test_other_signatures_of_public_keys_are_taken(stage: Stage, client: str) -> None:
    token = stage.realm.token(client)
    assert jwt.get_unverified_header(token)["alg"] == SIGNED[client]
    assert until(lambda: stage.judge(token) == "in")  # its key may be new to the gateway


def test_a_token_for_somebody_else(stage: Stage) -> None:
    token = stage.realm.token(STRANGER)
    assert "throughline" not in str(claims_of(token).get("aud"))
    answer = stage.ask(token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer.json()["detail"].endswith(("it is for somebody else", "a claim is missing"))


def test_a_token_of_another_realm(stage: Stage) -> None:
    url = f"{stage.keycloak.address}/realms/master/protocol/openid-connect/token"
    form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN}
    answer = requests.post(url, {**form, "password": ADMIN_PASSWORD}, timeout=ASK_SECONDS)
    assert stage.judge(answer.json()["access_token"]) == REFUSED


def test_what_is_no_access_token(stage: Stage) -> None:
    form = {"grant_type": "password", "username": "sam", "password": PASSWORD, "scope": "openid"}
    told = stage.realm.tokens(DIRECT, **form)
    assert stage.judge(told["access_token"]) == "in"
    assert stage.judge(told["id_token"]) == REFUSED
    assert stage.judge(told["refresh_token"]) == REFUSED


def test_somebody_whom_only_the_provider_knows(stage: Stage) -> None:
    form = {"grant_type": "password", "username": "eve", "password": PASSWORD}
    answer = stage.ask(stage.realm.tokens(DIRECT, **form)["access_token"])
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:throughline:problem:not-in-directory"


def test_an_expired_token_is_good_for_the_leeway_and_no_longer(stage: Stage) -> None:
    stage.realm.access_seconds(BRIEF, 2)
    token = stage.realm.token(BRIEF)
    expires_at = claims_of(token)["exp"]
    until(lambda: time.time() > expires_at + 1)
    assert stage.judge(token) == "in"  # the provider's clock may be behind by this much
    until(lambda: stage.judge(token) == REFUSED, LEEWAY_SECONDS * 2)
    assert time.time() >= expires_at + LEEWAY_SECONDS


@pytest.fixture(scope="module")
def good(stage: Stage) -> str:
    token = stage.realm.token(MACHINE)
    assert stage.judge(token) == "in"
    return token


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_no_signature_at_all(stage: Stage, good: str, algorithm: str) -> None:
    head = {"alg": algorithm, "kid": kid_of(good), "typ": "JWT"}
    body = good.split(".")[1]
    assert stage.judge(f"{part(head)}.{body}.") == REFUSED
    assert stage.judge(f"{part(head)}.{body}.{part(b'x')}") == REFUSED


def test_the_public_key_is_no_secret(stage: Stage, good: str) -> None:
    told = key_of(stage, kid_of(good))
    public = jwt.PyJWK(told).key
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(told).encode(),
    ]
    for secret in secrets:
        for algorithm in ("HS256", "HS512"):
            head = {"alg": algorithm, "kid": kid_of(good), "typ": "JWT"}
            signed = f"{part(head)}.{good.split('.')[1]}"
            signer = jwt.get_algorithm_by_name(algorithm)
            forged = f"{signed}.{part(signer.sign(signed.encode(), secret))}"
            assert stage.judge(forged) == REFUSED


@pytest.mark.parametrize("named", ["RS512", "PS256", "ES256", "EdDSA", "HS256"])
def test_the_header_does_not_choose_the_algorithm(stage: Stage, good: str, named: str) -> None:
    _, body, signature = good.split(".")
    head = part({"alg": named, "kid": kid_of(good), "typ": "JWT"})
    assert stage.judge(f"{head}.{body}.{signature}") == REFUSED


@pytest.mark.parametrize("kid", ["of-nobody", None])
def test_a_key_that_is_not_the_providers(stage: Stage, good: str, kid: str | None) -> None:
    own = rsa.generate_private_key(65537, 2048)
    forged = jwt.encode(claims_of(good), own, "RS256", {"kid": kid or kid_of(good)})
    assert stage.judge(forged) == REFUSED
    assert stage.judge(good) == "in"


def test_claims_that_were_changed(stage: Stage, good: str) -> None:
    head, _, signature = good.split(".")
    body = part({**claims_of(good), "sub": stage.realm.subjects["sam"]})
    assert stage.judge(f"{head}.{body}.{signature}") == REFUSED
