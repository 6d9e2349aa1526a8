"""The token in a link: ours, whole, in time, for this purpose; or nothing at all."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from events.access.tokens import ALGORITHM, new_key
from gateway.platform.links import AUDIENCE, ISSUER, LinkTokens, Named

KEY = new_key()
TOKENS = LinkTokens(lambda: KEY)
LINK = Named("l1", "c1")
SOON = datetime.now(UTC) + timedelta(hours=1)


def signed(key: Any = KEY, algorithm: str = ALGORITHM, **changes: Any) -> str:
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "jti": "l1", "sub": "c1", "exp": int(SOON.timestamp()),
        **changes,
    }  # fmt: skip
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, key, algorithm)


def test_a_token_of_ours_names_link_and_customer_and_is_always_the_same() -> None:
    token = TOKENS.token(LINK, SOON)
    assert TOKENS.read(token) == LINK
    assert TOKENS.token(LINK, SOON) == token == signed()


@pytest.mark.parametrize(
    "token",
    [
        signed(new_key()),
        signed(aud="sales"),
        signed(iss="throughline-gateway"),
        signed(exp=int(time.time()) - 1),
        signed(exp=None),
        signed(jti=None),
        signed(sub=None),
        signed(sub=7),
        signed("x" * 32, "HS256"),
        signed("", "none"),
        signed(more="x" * 1000),
        "",
        "a.b.c",
        "ä.ö.ü",
        "../../customers/c1",
    ],
)
def test_any_other_token_is_none(token: str) -> None:
    assert TOKENS.read(token) is None


def test_the_public_half_as_a_secret_forges_nothing() -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256"}).encode()).rstrip(b"=")
    _, claims, signature = signed().split(".")
    assert TOKENS.read(f"{header.decode()}.{claims}.{signature}") is None


def test_turned_into_another_customers_it_is_none() -> None:
    header, claims, signature = TOKENS.token(LINK, SOON).split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    told["sub"] = "c2"
    other = base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
    assert TOKENS.read(f"{header}.{other}.{signature}") is None


def test_the_key_is_read_once() -> None:
    asked: list[int] = []

    def read() -> Any:
        asked.append(1)
        return KEY

    tokens = LinkTokens(read)
    assert tokens.read(tokens.token(LINK, SOON)) == LINK
    assert tokens.read("x") is None
    assert asked == [1]
