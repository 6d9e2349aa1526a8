"""Sessions over time: renewed before the provider's word ends, by one, and over when it says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pymongo.errors import AutoReconnect

from events.mongodb import Db
from gateway.signin.browser import Browser
from gateway.signin.provider import Provider as Seen
from gateway.signin.relying import Granted, RelyingParty
from gateway.signin.renewing import AWAY_SECONDS, EARLY_SECONDS
from gateway.signin.sessions import LIFE_SECONDS, REMEMBERED_SECONDS, RENEWING_SECONDS, Sessions
from tests.integration.gateway.little import free_port
from tests.integration.signin.door import Visitor, a_database, app_of, served
from tests.provider import Provider, a_provider

CLIENT = "console"
WORD_SECONDS = 300


class Clock:
    """Runs ahead of the real one by what the test says."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture(scope="module")
def db(mongodb_uri: str) -> Iterator[Db]:
    with a_database(mongodb_uri) as db:
        yield db


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as provider:
        yield provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def a_gateway(
    provider: Provider, db: Db, clock: Clock, origin: str | None = None, secret: str = ""
) -> Iterator[str]:
    port = free_port()
    found = origin or f"http://127.0.0.1:{port}"
    party = RelyingParty(
        Seen(provider.issuer), CLIENT, secret, f"{found}/signin/callback", "openid", clock
    )
    browser = Browser(party, Sessions(db, clock), found, clock)
    with served(port, lambda: app_of(browser.add_to, browser.identity)) as url:
        yield url


@pytest.fixture
def gateway(provider: Provider, db: Db, clock: Clock) -> Iterator[str]:
    with a_gateway(provider, db, clock) as url:
        yield url


def grant(provider: Provider, nonce: str | None = None, **more: Any) -> dict[str, Any]:
    """As a provider answers a code or a refresh token."""
    told = {"nonce": nonce} if nonce else {}
    claims = {"sub": "sam", "aud": CLIENT, **told, **more.pop("claims", {})}
    return {
        "access_token": "opaque",
        "token_type": "Bearer",
        "expires_in": WORD_SECONDS,
        "refresh_token": "first",
        "id_token": provider.token(**claims),
        **more,
    }


def ask(visitor: Visitor, provider: Provider, **more: Any) -> Any:
    """Begins to sign in; the provider will say what a test wants it to. Returns the answer."""
    question = parse_qs(urlsplit(visitor.get_page("/signin").headers["Location"]).query)
    provider.granted = grant(provider, question["nonce"][0], **more)
    return visitor.get_page(f"/signin/callback?code=c&state={question['state'][0]}")


@pytest.fixture
def visitor(gateway: str, provider: Provider) -> Iterator[Visitor]:
    with Visitor(gateway) as visitor:
        assert ask(visitor, provider).status_code == 303
        provider.posted.clear()
        yield visitor


def test_what_is_asked_and_shown(provider: Provider, gateway: str) -> None:
    with Visitor(gateway) as visitor:
        question = parse_qs(urlsplit(visitor.get_page("/signin").headers["Location"]).query)
        ask(visitor, provider)
    (shown,) = provider.posted
    assert question["code_challenge_method"] == ["S256"]
    assert len(question["state"][0]) == len(question["nonce"][0]) == 43
    assert shown["grant_type"] == "authorization_code"
    assert len(shown["code_verifier"]) == 43
    assert shown["redirect_uri"] == f"{gateway}/signin/callback" == question["redirect_uri"][0]
    assert shown["client_id"] == CLIENT
    assert "client_secret" not in shown


@pytest.mark.parametrize(
    "more",
    [
        {"claims": {"nonce": "other"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": [CLIENT, "another"]}},
        {"claims": {"azp": "another"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"seconds": -100}},
        {"claims": {"sub": "a\nb"}},
        {"claims": {"headers": {"kid": "another"}}},
        {"claims": {"headers": {"alg": "RS512"}}},
        {"claims": {"at_hash": "other"}},
        {"id_token": "x"},
        {"id_token": None},
        {"id_token": 7},
        {"error": "invalid_grant"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_for_this_sign_in(
    provider: Provider, gateway: str, more: dict[str, Any]
) -> None:
    with Visitor(gateway) as visitor:
        assert ask(visitor, provider).status_code == 303
    with Visitor(gateway) as visitor:
        if more.get("claims", {}).get("headers", {}).get("alg"):
            more = {"id_token": provider.token(aud=CLIENT).replace("eyJ", "eyK", 1)}
        answer = ask(visitor, provider, **more)
        assert answer.status_code == 403
        assert visitor.who() is None


def test_a_word_is_renewed_before_it_ends_and_the_new_token_is_used_next(
    provider: Provider, visitor: Visitor, clock: Clock
) -> None:
    assert visitor.who()[1] == "sam"
    assert provider.posted == []
    provider.granted = grant(provider, refresh_token="second")
    clock.ahead += WORD_SECONDS - EARLY_SECONDS + 1
    assert visitor.who()[1] == "sam"
    clock.ahead += WORD_SECONDS
    assert visitor.who()[1] == "sam"
    assert [one["refresh_token"] for one in provider.posted] == ["first", "second"]


def test_a_provider_that_gives_no_new_refresh_token_means_the_old_one(
    provider: Provider, visitor: Visitor, clock: Clock
) -> None:
    provider.granted = {"access_token": "opaque", "expires_in": WORD_SECONDS}
    for _ in range(2):
        clock.ahead += WORD_SECONDS
        assert visitor.who()[1] == "sam"
    assert [one["refresh_token"] for one in provider.posted] == ["first", "first"]


def test_many_requests_renew_once(provider: Provider, visitor: Visitor, clock: Clock) -> None:
    clock.ahead += WORD_SECONDS + 1
    sent = {"Cookie": f"throughline-session={visitor.cookies['throughline-session']}"}

    def one(_: int) -> Any:
        with Visitor(visitor.gateway) as another:
            return another.get_page("/whoami", headers=sent).json()[1]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(16))) == {"sam"}
    assert len(provider.posted) == 1


def test_another_gateway_knows_the_session_and_its_news(
    provider: Provider, visitor: Visitor, clock: Clock, db: Db
) -> None:
    sent = {"Cookie": f"throughline-session={visitor.cookies['throughline-session']}"}
    with a_gateway(provider, db, clock) as second, Visitor(second) as elsewhere:
        assert elsewhere.get_page("/whoami", headers=sent).json()[1] == "sam"
        clock.ahead += WORD_SECONDS + 1
        assert visitor.who()[1] == "sam"
        assert elsewhere.get_page("/whoami", headers=sent).json()[1] == "sam"
        assert len(provider.posted) == 1
        visitor.change("/signout")
        clock.ahead += REMEMBERED_SECONDS + 1
        assert elsewhere.get_page("/whoami", headers=sent).json() is None


def test_a_provider_that_takes_it_back_ends_the_session(
    provider: Provider, visitor: Visitor, clock: Clock, db: Db
) -> None:
    count = db["sessions"].count_documents({})
    provider.granted = {"error": "invalid_grant"}
    clock.ahead += WORD_SECONDS
    assert visitor.who() is None
    assert db["sessions"].count_documents({}) == count - 1


def test_nobody_becomes_another_by_renewing(
    provider: Provider, visitor: Visitor, clock: Clock
) -> None:
    provider.granted = grant(provider, claims={"sub": "sue"})
    clock.ahead += WORD_SECONDS
    assert visitor.who() is None


@pytest.mark.parametrize("how", ["away", "server_error", "garbage"])
def test_while_the_provider_is_away_its_last_word_is_good_and_no_longer(
    provider: Provider, visitor: Visitor, clock: Clock, how: str
) -> None:
    provider.away = how == "away"
    provider.granted = {"error": how} if how == "server_error" else {"error": 7}
    clock.ahead += WORD_SECONDS - EARLY_SECONDS + 1
    assert visitor.who()[1] == "sam"
    asked = len(provider.asked)
    assert visitor.who()[1] == "sam"
    assert len(provider.asked) == asked  # it is left alone for a moment
    clock.ahead += EARLY_SECONDS + AWAY_SECONDS
    answer = visitor.get_page("/whoami")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    provider.away = False
    provider.granted = grant(provider)
    clock.ahead += AWAY_SECONDS + 1
    assert visitor.who()[1] == "sam"


def test_without_a_refresh_token_a_session_lasts_as_long_as_the_word(
    provider: Provider, gateway: str, clock: Clock
) -> None:
    with Visitor(gateway) as visitor:
        ask(visitor, provider, refresh_token=None)
        clock.ahead += WORD_SECONDS - 1
        assert visitor.who()[1] == "sam"
        clock.ahead += 2
        assert visitor.who() is None


def test_a_session_is_over_after_a_working_day(
    provider: Provider, gateway: str, clock: Clock
) -> None:
    with Visitor(gateway) as visitor:
        ask(visitor, provider, expires_in=LIFE_SECONDS * 2)
        clock.ahead += LIFE_SECONDS - 5
        assert visitor.who()[1] == "sam"
        clock.ahead += 10
        assert visitor.who() is None


def test_a_session_that_nobody_uses_is_over_and_each_use_keeps_it(db: Db, clock: Clock) -> None:
    sessions = Sessions(db, clock, idle=600, lifetime=2000)
    secret = sessions.begin(Granted("sam", time.time() + 9000, None, "x"))
    for _ in range(3):
        clock.ahead += 500
        assert sessions.find(secret) is not None
    other = Sessions(db, clock, idle=600, lifetime=2000)  # another gateway knows of the use
    assert other.find(secret) is not None
    clock.ahead += 510  # used lately, but past its lifetime
    assert sessions.find(secret) is None
    left = sessions.begin(Granted("sue", time.time() + 9000, None, "x"))
    clock.ahead += 601
    assert sessions.find(left) is None


def test_a_gateway_that_died_while_renewing_holds_nobody_up_for_long(
    provider: Provider, visitor: Visitor, clock: Clock, db: Db
) -> None:
    clock.ahead += WORD_SECONDS + 1
    sessions = Sessions(db, clock)
    secret = visitor.cookies["throughline-session"]
    assert sessions.claim(secret) is not None
    assert sessions.claim(secret) is None
    answer: list[Any] = []
    waiting = threading.Thread(target=lambda: answer.append(visitor.get_page("/whoami")))
    waiting.start()
    waiting.join()
    assert answer[0].status_code == 503
    clock.ahead += RENEWING_SECONDS + 1
    assert visitor.who()[1] == "sam"


def test_a_database_that_is_away_is_no_verdict(
    visitor: Visitor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise AutoReconnect

    monkeypatch.setattr("pymongo.collection.Collection.find_one", away)
    clock.ahead += REMEMBERED_SECONDS + 1
    assert visitor.get_page("/whoami").status_code == 503


def test_over_https_the_cookies_are_bound_to_the_host(
    provider: Provider, db: Db, clock: Clock
) -> None:
    with a_gateway(provider, db, clock, "https://crm.example") as url, Visitor(url) as visitor:
        answer = visitor.get_page("/signin")
        (cookie,) = answer.raw.headers.getlist("Set-Cookie")
        assert cookie.startswith("__Host-throughline-signin=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert asked["redirect_uri"] == ["https://crm.example/signin/callback"]


@pytest.mark.parametrize(
    ("taken", "posted"),
    [(None, False), (["client_secret_basic"], False), (["client_secret_post"], True)],
)
def test_a_secret_is_shown_as_the_provider_likes_it(
    provider: Provider, db: Db, clock: Clock, taken: list[str] | None, posted: bool
) -> None:
    if taken is not None:
        provider.discovery["token_endpoint_auth_methods_supported"] = taken
    with a_gateway(provider, db, clock, secret="sesame") as url, Visitor(url) as visitor:
        assert ask(visitor, provider).status_code == 303
    assert (provider.posted[0].get("client_secret") == "sesame") == posted


def test_a_provider_that_never_answered_is_away(provider: Provider, gateway: str) -> None:
    provider.away = True
    with Visitor(gateway) as visitor:
        assert visitor.get_page("/signin").status_code == 503
        assert visitor.get_page("/signout").status_code == 200
