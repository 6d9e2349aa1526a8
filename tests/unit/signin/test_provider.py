"""A provider's keys over HTTP: rolled, away, slow, too large, of somebody else."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import orjson
import pytest

from gateway.problems import Refusal
from gateway.signin import fetching
from gateway.signin.bearer import Bearer
from gateway.signin.fetching import Fetcher, Unfetched, require_safe
from gateway.signin.keys import FRESH_SECONDS, KEPT_SECONDS, PAUSE_SECONDS, KeysAway
from gateway.signin.provider import Provider as Seen
from tests.integration.gateway.little import until
from tests.provider import AUDIENCE, PRIVATE_KEYS, Provider, a_provider, jwk, reply


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as provider:
        yield provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seen(provider: Provider, clock: Clock) -> Seen:
    return Seen(provider.issuer, clock)


def bearer(provider: Provider, seen: Seen) -> Bearer:
    return Bearer(provider.issuer, AUDIENCE, seen.keys)


def test_a_token_of_a_provider_that_was_never_asked_before(provider: Provider, seen: Seen) -> None:
    identity = bearer(provider, seen).identity(f"Bearer {provider.token(sub='sam')}")
    assert (identity.issuer, identity.subject) == (provider.issuer, "sam")
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_new_key_is_found_at_once_and_a_withdrawn_one_is_gone(
    provider: Provider, seen: Seen, clock: Clock
) -> None:
    checked = bearer(provider, seen)
    old = provider.token(sub="sam", jti="1")
    checked.verify(old)
    provider.roll("second")
    clock.now += PAUSE_SECONDS
    assert checked.verify(provider.token(sub="sue")).subject == "sue"
    with pytest.raises(Refusal) as refused:
        checked.verify(old)
    assert refused.value.status == 401


def test_a_withdrawn_key_is_gone_after_minutes_also_when_no_new_one_is_used(
    provider: Provider, seen: Seen, clock: Clock
) -> None:
    assert seen.keys.key("first")
    provider.keys = {"second": jwk("second", PRIVATE_KEYS["ed"])}
    clock.now += FRESH_SECONDS
    seen.keys.key("first")  # begins to look again, and does not wait
    until(lambda: seen.keys.key("first") is None)


def test_invented_key_ids_cost_the_provider_one_question_in_seconds(
    provider: Provider, seen: Seen, clock: Clock
) -> None:
    assert seen.keys.key("first")
    for number in range(20):
        assert seen.keys.key(f"invented-{number}") is None
    assert provider.asked.count("/keys") == 1
    clock.now += PAUSE_SECONDS
    for number in range(20):
        assert seen.keys.key(f"invented-{number}") is None
    assert provider.asked.count("/keys") == 2


def test_many_at_once_ask_once_and_all_get_the_key(provider: Provider, seen: Seen) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(seen.keys.key, ["first"] * 64))
    assert provider.asked.count("/keys") == 1


def test_a_provider_that_is_away_costs_nobody_his_sign_in_for_an_hour(
    provider: Provider, seen: Seen, clock: Clock
) -> None:
    assert seen.keys.key("first")
    provider.away = True
    clock.now += KEPT_SECONDS - 1
    assert seen.keys.key("first")
    clock.now += 2
    with pytest.raises(KeysAway):
        seen.keys.key("first")
    provider.away = False
    clock.now += PAUSE_SECONDS
    assert seen.keys.key("first")


def test_an_unknown_key_while_the_provider_is_away_is_no_verdict(
    provider: Provider, seen: Seen, clock: Clock
) -> None:
    checked = bearer(provider, seen)
    checked.verify(provider.token())
    provider.away = True
    clock.now += PAUSE_SECONDS
    with pytest.raises(Refusal) as refused:
        checked.verify(provider.token(headers={"kid": "newer"}))
    assert (refused.value.status, refused.value.code) == (503, "sign-in-away")


def test_nobody_listens_there(clock: Clock) -> None:
    with pytest.raises(KeysAway):
        Seen("http://127.0.0.1:9", clock).keys.key("first")


def test_keys_that_moved_are_found_again(provider: Provider, seen: Seen, clock: Clock) -> None:
    assert seen.keys.key("first")
    provider.roll("second")
    served = provider.answer

    def moved(call: BaseHTTPRequestHandler) -> None:
        if call.path == "/keys":
            reply(call, 404, b"{}")
        else:
            provider.instead = None
            served(call)
            provider.instead = moved

    provider.instead = moved
    provider.discovery["jwks_uri"] = f"{provider.issuer}/new-keys"
    clock.now += PAUSE_SECONDS
    with pytest.raises(KeysAway):
        seen.keys.key("second")
    clock.now += PAUSE_SECONDS
    assert seen.keys.key("second")


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "http://id.example/keys"},
        {"jwks_uri": "https://somebody:secret@id.example/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://[::1/keys"},
    ],
    ids=str,
)
def test_a_description_that_is_not_to_be_believed(
    provider: Provider, seen: Seen, discovery: dict[str, Any]
) -> None:
    provider.discovery.update(discovery)
    with pytest.raises(KeysAway):
        seen.keys.key("first")


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [7],
        [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}],
        [jwk("first", PRIVATE_KEYS["short"])],
        [jwk("first", PRIVATE_KEYS["rsa"], use="enc")],
        [jwk("first", PRIVATE_KEYS["rsa"], alg="HS256")],
        [jwk("first", PRIVATE_KEYS["rsa"], alg="ES256")],
        [jwk("first", PRIVATE_KEYS["rsa"], n="!")],
        [jwk(None, PRIVATE_KEYS["rsa"])],
        [jwk("first", PRIVATE_KEYS["rsa"])] * 101,
        {"first": {}},
    ],
    ids=lambda keys: str(keys)[:40],
)
def test_keys_that_are_none_for_us(provider: Provider, seen: Seen, keys: Any) -> None:
    def answer(call: BaseHTTPRequestHandler) -> None:
        told = {"keys": keys} if call.path == "/keys" else provider.discovery
        reply(call, 200, orjson.dumps(told))

    provider.instead = answer
    with pytest.raises(KeysAway):
        seen.keys.key("first")


def test_a_strange_key_beside_ours_does_no_harm(provider: Provider, seen: Seen) -> None:
    provider.keys = {"x": {"kty": "new"}, "y": {"kid": "y", "kty": 7}, **provider.keys}
    assert seen.keys.key("first")


# --- how it is fetched


@pytest.mark.parametrize(
    "url",
    [
        "https://somebody:secret@id.example/keys",
        "http://id.example/keys",
        "http://127.0.0.1.evil.example/keys",
        "ftp://127.0.0.1/keys",
        "https:///keys",
        "keys",
        "",
        None,
        7,
        b"https://id.example",
    ],
)
def test_addresses_that_are_not_gone_to(url: object) -> None:
    with pytest.raises(Unfetched):
        require_safe(url)


def test_addresses_that_are_gone_to() -> None:
    for url in ("https://id.example/keys", "http://127.0.0.1:9/keys", "http://[::1]:9/keys"):
        assert require_safe(url) == url


def drip(call: BaseHTTPRequestHandler, over: threading.Event) -> None:
    call.send_response(200)
    call.end_headers()
    while not over.wait(0.02):
        call.wfile.write(b" ")


def test_a_document_that_never_ends_is_given_up(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    over = threading.Event()
    provider.instead = lambda call: drip(call, over)
    try:
        with pytest.raises(Unfetched, match="too long"):
            Fetcher().document(provider.issuer)
    finally:
        over.set()


PACKED = gzip.compress(b"{}")
"""A megabyte of zeros packs as small."""

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda call: reply(call, 200, b" " * (fetching.LIMIT + 1)), "larger|ProtocolError"),
        (lambda call: reply(call, 302, b"{}", Location="https://evil.example/"), "302"),
        (lambda call: reply(call, 307, b"{}", Location="/elsewhere"), "307"),
        (lambda call: reply(call, 404, b"{}"), "404"),
        (lambda call: reply(call, 200, b"[]"), "object"),
        (lambda call: reply(call, 200, b"{"), "no JSON"),
        (lambda call: reply(call, 200, PACKED, **{"Content-Encoding": "gzip"}), "no JSON"),
        (lambda call: call.wfile.write(b"SSH-2.0\r\n"), "Protocol"),
        (lambda call: call.connection.shutdown(2), "Protocol"),
    ],
)
def test_answers_that_are_no_document(provider: Provider, answer: Answer, why: str) -> None:
    provider.instead = answer
    with pytest.raises(Unfetched, match=why):
        Fetcher().document(f"{provider.issuer}/x")
    assert provider.asked == ["/x"]


def test_no_proxy_of_the_environment_is_asked(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Fetcher().document(f"{provider.issuer}/.well-known/openid-configuration")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda call: reply(call, 200, b" " * (fetching.LIMIT + 1)), "larger|ProtocolError"),
        (lambda call: reply(call, 302, b"{}", Location="https://evil.example/"), "302"),
        (lambda call: reply(call, 307, b"{}", Location="/elsewhere"), "307"),
        (lambda call: reply(call, 500, b'{"error": "invalid_grant"}'), "500"),
        (lambda call: reply(call, 200, b"[]"), "object"),
    ],
)
def test_what_is_no_answer_to_a_form(provider: Provider, answer: Answer, why: str) -> None:
    provider.instead = answer
    with pytest.raises(Unfetched, match=why):
        Fetcher().post(f"{provider.issuer}/token", {}, "code=x")
    assert provider.asked == ["/token"]  # nothing that the form holds goes elsewhere


def test_a_form_goes_to_no_address_in_the_open() -> None:
    with pytest.raises(Unfetched, match="neither https"):
        Fetcher().post("http://id.example/token", {}, "code=x")
