"""The token of the Python client: fetched, renewed, asked for anew, and never shown."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.clients.conftest import BRISK
from tests.clients.serving import CUT, Asked, Reply, Served, problem, served, told
from throughline import Bearer, ClientCredentials, SignInFailed, Throughline

SECRET = "a secret: with % and +"


class Issuer:
    """Gives the tokens t1, t2, ...; `replies` come first."""

    def __init__(self) -> None:
        self.methods: Any = None
        self.life: Any = 300
        self.name = ""
        self.replies: list[Reply] = []
        self._numbers = itertools.count(1)
        self.server: Served

    def __call__(self, asked: Asked) -> Reply:
        if self.replies:
            return self.replies.pop(0)
        if asked.method == "GET":
            return self._discovery(asked)
        return told({"access_token": f"t{next(self._numbers)}", "expires_in": self.life})

    def _discovery(self, asked: Asked) -> Reply:
        if asked.path != "/realm/.well-known/openid-configuration":
            return told({}, 404)
        url = f"http://{asked.headers['Host']}/realm"
        offered = {"issuer": self.name or url, "token_endpoint": f"{url}/token"}
        if self.methods:
            offered["token_endpoint_auth_methods_supported"] = self.methods
        return told(offered)

    @property
    def asked(self) -> list[Asked]:
        return [one for one in self.server.asked if one.method == "POST"]

    def credentials(self, **more: Any) -> ClientCredentials:
        return ClientCredentials(f"{self.server.url}/realm", "the client", SECRET, **more)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with served(issuer) as issuer.server:
        yield issuer


@pytest.fixture
def platform() -> Iterator[Served]:
    with served(lambda _: told({"items": [], "next_cursor": None})) as server:
        yield server


def read(platform: Served, auth: Any) -> str:
    """One read; the header by which the platform knew us."""
    Throughline(platform.url, auth, patience=BRISK).get("sales", "orders")
    return platform.asked[-1].headers["Authorization"]


def test_a_token_is_fetched_once_and_used(issuer: Issuer, platform: Served) -> None:
    auth = issuer.credentials(scope="crm", audience="throughline")
    assert [read(platform, auth) for _ in range(3)] == ["Bearer t1"] * 3
    [asked] = issuer.asked
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["crm"],
        "audience": ["throughline"],
    }
    pair = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "the+client:a+secret%3A+with+%25+and+%2B"


def test_an_issuer_that_wants_the_secret_in_the_form_gets_it_there(
    issuer: Issuer, platform: Served
) -> None:
    issuer.methods = ["client_secret_post"]
    read(platform, issuer.credentials())
    [asked] = issuer.asked
    assert "Authorization" not in asked.headers
    form = parse_qs(asked.body.decode())
    assert (form["client_id"], form["client_secret"]) == (["the client"], [SECRET])


def test_a_token_is_renewed_before_it_ends(
    issuer: Issuer, platform: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("throughline.auth.time.monotonic", lambda: now)
    auth = issuer.credentials()
    assert auth() == "t1"
    now += 269
    assert auth() == "t1"
    now += 2
    assert auth() == "t2", "30 seconds before its end"
    issuer.life = 20
    now += 300
    assert auth() == "t3"
    now += 9
    assert auth() == "t3", "a short life has its first half"
    now += 2
    assert auth() == "t4"


def test_a_token_that_is_refused_is_asked_for_anew_once(issuer: Issuer) -> None:
    def answer(asked: Asked) -> Reply:
        good = asked.headers["Authorization"] == "Bearer t2"
        return told({}) if good else problem(401, "not-signed-in")

    with served(answer) as platform:
        auth = issuer.credentials()
        assert read(platform, auth) == "Bearer t2"
        auth.forget("t1")
        assert auth() == "t2", "one that came meanwhile stays"
        auth.forget("t2")
        with pytest.raises(Exception, match="not-signed-in"):
            read(platform, auth)
        assert len(issuer.asked) == 4


def test_threads_share_one_token(issuer: Issuer) -> None:
    auth = issuer.credentials()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: auth(), range(32))) == {"t1"}
    assert len(issuer.asked) == 1


def test_an_issuer_that_is_away_for_a_moment_is_outlasted(issuer: Issuer, platform: Served) -> None:
    issuer.replies = [CUT, told({}, 503), told({}, 429)]
    assert read(platform, issuer.credentials()) == "Bearer t1"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (told({"error": "invalid_client"}, 401), "invalid_client"),
        (told({"issuer": "https://elsewhere", "token_endpoint": "x"}), "calls itself"),
        (told([1]), "calls itself"),
        (Reply(302, {"Location": "http://127.0.0.1:9/"}), "302"),
    ],
)
def test_an_issuer_that_refuses_is_not_asked_again(
    issuer: Issuer, platform: Served, reply: Reply, words: str
) -> None:
    issuer.replies = [reply]
    with pytest.raises(SignInFailed, match=words) as refused:
        read(platform, issuer.credentials())
    assert SECRET not in str(refused.value)
    assert len(issuer.server.asked) == 1
    assert not platform.asked


@pytest.mark.parametrize(
    "body", [{}, {"access_token": ""}, {"access_token": "t", "expires_in": "x"}]
)
def test_an_answer_without_a_token_is_refused(
    issuer: Issuer, platform: Served, body: dict[str, Any]
) -> None:
    discovery = told({"issuer": f"{issuer.server.url}/realm", "token_endpoint": issuer.server.url})
    issuer.replies = [discovery, told(body)]
    with pytest.raises(SignInFailed, match="no token"):
        read(platform, issuer.credentials())


def test_no_secret_is_shown(issuer: Issuer, platform: Served) -> None:
    auth = issuer.credentials()
    crm = Throughline(platform.url, auth)
    crm.get("sales", "orders")
    shown = f"{auth!r} {crm!r} {Bearer('a-token')!r} {crm.follow()!r}"
    for secret in (SECRET, "t1", "a-token"):
        assert secret not in shown


def test_a_bearer_token_is_passed_on(platform: Served) -> None:
    assert read(platform, Bearer("a-token")) == "Bearer a-token"
    assert read(platform, lambda: "mine") == "Bearer mine"
