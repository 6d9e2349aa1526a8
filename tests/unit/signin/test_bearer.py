"""Which tokens get somebody in. Each refusal is one way in which tokens were forged before."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.problems import Refusal
from gateway.signin.bearer import TOKEN_LIMIT, Bearer
from gateway.signin.keys import KeysAway, OwnKeys
from gateway.signin.verifying import LEEWAY_SECONDS
from tests.provider import AUDIENCE, OMITTED, PRIVATE_KEYS, RSA_KEY, Provider, jwk

ISSUER = "https://id.example"
PROVIDER = Provider(ISSUER)
KEYS = OwnKeys(
    *(jwk(kid, private) for kid, private in PRIVATE_KEYS.items()),
    jwk("first", RSA_KEY),
    jwk("only-ps", RSA_KEY, alg="PS256"),
    jwk("to-encrypt", RSA_KEY, use="enc"),
)


class Counted:
    """The keys, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False

    def key(self, kid: str) -> Any:
        self.asked += 1
        if self.away:
            raise KeysAway
        return KEYS.key(kid)


def bearer(keys: Any = KEYS, clock: Callable[[], float] = time.time) -> Bearer:
    return Bearer(ISSUER, AUDIENCE, keys, clock)


def refusal(header: str, keys: Any = KEYS) -> Refusal:
    with pytest.raises(Refusal) as refused:
        bearer(keys).identity(header)
    return refused.value


def assert_refused(token: str) -> None:
    told = refusal(f"Bearer {token}")
    assert (told.status, told.code) == (401, "not-signed-in")
    assert told.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def signed(kid: str, algorithm: str, **claims: Any) -> str:
    now = int(time.time())
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "sam", "iat": now, "exp": now + 60, **claims}
    return jwt.encode(told, PRIVATE_KEYS[kid], algorithm, {"kid": kid})


def forged(header: dict[str, Any], claims: Any, signature: bytes = b"x" * 256) -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def good_claims() -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "sam", "iat": now, "exp": now + 60}


def test_a_good_token_says_who_asks() -> None:
    token = PROVIDER.token(sub="sam", azp="console", seconds=600)
    identity = bearer().identity(f"Bearer {token}")
    assert (identity.issuer, identity.subject, identity.client_id) == (ISSUER, "sam", "console")
    assert 590 < identity.expires_at - time.time() <= 600


@pytest.mark.parametrize(
    ("kid", "algorithm"),
    [
        *(("rsa", name) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        ("p256", "ES256"),
        ("p384", "ES384"),
        ("ed", "EdDSA"),
    ],
)
def test_each_algorithm_of_the_list_is_taken(kid: str, algorithm: str) -> None:
    assert bearer().identity(f"Bearer {signed(kid, algorithm)}").subject == "sam"


def test_one_audience_among_several_is_enough_and_the_scheme_has_no_case() -> None:
    token = PROVIDER.token(aud=["account", AUDIENCE], client_id="batch")
    assert bearer().identity(f"bearer {token}").client_id == "batch"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": ["another", "account"]},
        {"aud": [{"x": AUDIENCE}]},
        {"aud": {AUDIENCE: 1}},
        {"aud": f"{AUDIENCE} x"},
        {"iss": "https://id.example/"},
        {"iss": "https://evil.example"},
        {"iss": [ISSUER]},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\nb"},
        {"sub": "\ud800"},
        {"sub": "s" * 256},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": True},
        {"iat": "then"},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"nonce": "n"},
        {"at_hash": "h"},
        {"events": {}},
        {"cnf": {"jkt": "k"}},
        *({name: OMITTED} for name in ("iss", "aud", "exp", "sub", "iat")),
        *({name: None} for name in ("iss", "aud", "exp", "sub", "iat")),
    ],
    ids=str,
)
def test_claims_that_are_wrong_or_missing(claims: dict[str, Any]) -> None:
    bearer().identity(f"Bearer {PROVIDER.token()}")
    assert_refused(PROVIDER.token(**claims))


def test_the_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    now, inside, outside = int(time.time()), LEEWAY_SECONDS - 10, LEEWAY_SECONDS + 10
    for claims in ({"exp": now - inside}, {"iat": now + inside}, {"nbf": now + inside}):
        assert bearer().identity(f"Bearer {PROVIDER.token(**claims)}").subject == "sam"
    for claims in ({"exp": now - outside}, {"iat": now + outside}, {"nbf": now + outside}):
        assert_refused(PROVIDER.token(**claims))


def test_the_leeway_is_what_it_is_told_to_be() -> None:
    late = f"Bearer {PROVIDER.token(exp=int(time.time()) - 10)}"
    assert Bearer(ISSUER, AUDIENCE, KEYS, leeway=20).identity(late).subject == "sam"
    with pytest.raises(Refusal, match="expired"):
        Bearer(ISSUER, AUDIENCE, KEYS, leeway=5).identity(late)


def test_a_reason_is_told_in_words() -> None:
    assert refusal(f"Bearer {PROVIDER.token(seconds=-100)}").detail.endswith("it has expired")
    assert "somebody else" in refusal(f"Bearer {PROVIDER.token(aud='x')}").detail


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
def test_a_token_without_a_signature(name: str) -> None:
    header = {"alg": name, "typ": "JWT", "kid": "rsa"}
    assert_refused(forged(header, good_claims(), b""))
    assert_refused(forged(header, good_claims()))


@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
def test_the_public_key_is_no_secret(name: str) -> None:
    """The old trick: the key that everybody may read, taken for a shared secret."""
    import hashlib
    import hmac

    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsigned = forged({"alg": name, "kid": "rsa"}, good_claims()).rpartition(".")[0]
    digest = hmac.new(public, unsigned.encode(), getattr(hashlib, f"sha{name[2:]}")).digest()
    assert_refused(f"{unsigned}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}")


@pytest.mark.parametrize(
    ("kid", "named"),
    [
        ("rsa", "ES256"),
        ("rsa", "EdDSA"),
        ("p256", "RS256"),
        ("p256", "ES384"),
        ("ed", "RS256"),
        ("rsa", "ES512"),
        ("rsa", "XX256"),
    ],
)
def test_the_header_does_not_choose_what_the_key_is_for(kid: str, named: str) -> None:
    algorithm = {"rsa": "RS256", "p256": "ES256", "ed": "EdDSA"}[kid]
    good = signed(kid, algorithm)
    _, payload, signature = good.split(".")
    header = forged({"alg": named, "kid": kid}, {}).split(".")[0]
    assert_refused(f"{header}.{payload}.{signature}")


def test_keys_that_are_too_weak_or_for_something_else() -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        assert_refused(signed("short", "RS256"))
    assert_refused(signed("p521", "ES512"))
    assert_refused(PROVIDER.token(headers={"kid": "to-encrypt"}))
    assert_refused(PROVIDER.token(headers={"kid": "only-ps"}))
    only_ps = PROVIDER.token(headers={"kid": "only-ps"}, algorithm="PS256")
    assert bearer().identity(f"Bearer {only_ps}").subject == "sam"


@pytest.mark.parametrize("kid", ["another", "", OMITTED, 7, ["rsa"], None])
def test_a_key_that_nobody_has(kid: Any) -> None:
    header = {"alg": "RS256"} | ({} if kid is OMITTED else {"kid": kid})
    assert_refused(forged(header, good_claims()))


def test_a_signature_of_somebody_else() -> None:
    head, _, _ = PROVIDER.token(sub="sam").split(".")
    _, payload, signature = PROVIDER.token(sub="ada").split(".")
    assert_refused(f"{head}.{payload}.{signature[:-8]}AAAAAAAA")
    assert_refused(f"{head}.{payload}.")
    _, other, _ = PROVIDER.token(sub="dora").split(".")
    assert_refused(f"{head}.{other}.{signature}")


def test_a_critical_header_that_nobody_understands() -> None:
    header = {"alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": False}
    assert_refused(forged(header, good_claims()))
    assert_refused(PROVIDER.token(headers={"crit": ["exp"], "exp": 1}))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic c2FtOnNhbQ==",
        "Bearer a b",
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Bearer ..",
        "Bearer a.b.c,Bearer a.b.c",
        "Bearer a.b.c, Bearer a.b.c",
        "Bearer \u00e9.b.c",
        "Bearer a.b.c\nX: y",
    ],
)
def test_garbage(header: str) -> None:
    told = refusal(header)
    assert (told.status, told.code) == (401, "not-signed-in")


def test_a_token_that_is_too_long_is_not_even_read() -> None:
    keys = Counted()
    long = PROVIDER.token(filler="x" * TOKEN_LIMIT)
    assert "longer than" in refusal(f"Bearer {long}", keys).detail
    assert keys.asked == 0


def test_two_good_tokens_are_none() -> None:
    token = PROVIDER.token()
    assert refusal(f"Bearer {token},Bearer {token}").status == 401


def test_json_that_is_nested_too_deeply() -> None:
    def encoded(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    assert_refused(f"{encoded(b'[' * 4000)}.e30.AA")
    header = json.dumps({"alg": "RS256", "kid": "first"}).encode()
    unsigned = f"{encoded(header)}.{encoded(b'[' * 4000)}"
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
        unsigned.encode(), RSA_KEY
    )
    assert_refused(f"{unsigned}.{encoded(signature)}")


def test_without_keys_nobody_can_tell() -> None:
    keys = Counted()
    keys.away = True
    told = refusal(f"Bearer {PROVIDER.token()}", keys)
    assert (told.status, told.code) == (503, "sign-in-away")
    assert "Retry-After" in told.headers


def test_a_token_is_verified_once_a_minute_and_never_believed_beyond_its_end() -> None:
    keys, now = Counted(), [time.time()]
    checked = bearer(keys, lambda: now[0])
    header = f"Bearer {PROVIDER.token(seconds=300)}"
    for _ in range(3):
        checked.identity(header)
    assert keys.asked == 1
    now[0] += 61
    checked.identity(header)
    assert keys.asked == 2
    short = f"Bearer {PROVIDER.token(seconds=20)}"
    checked = bearer(keys, lambda: now[0])
    now[0] = time.time()
    checked.identity(short)
    now[0] += 21
    checked.identity(short)  # PyJWT's clock still says it is good; the memory alone is over
    assert keys.asked == 4


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.signin.bearer.REMEMBERED", 2)
    keys = Counted()
    checked = bearer(keys)
    one, two, three = (f"Bearer {PROVIDER.token(sub=name)}" for name in "abc")
    for header in (one, two, one, three, one):
        checked.identity(header)
    assert keys.asked == 3  # `one` was used lately and stays
    checked.identity(two)
    assert keys.asked == 4


def test_what_is_refused_is_not_remembered() -> None:
    keys = Counted()
    checked = bearer(keys)
    for _ in range(2):
        with pytest.raises(Refusal):
            checked.identity(f"Bearer {PROVIDER.token(aud='x')}")
    assert keys.asked == 2
