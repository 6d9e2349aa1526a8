"""The development issuer as a client meets it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import StrictUndefined
from werkzeug.test import TestResponse

from gateway.devissuer.app import DevIssuer
from gateway.devissuer.clients import GATEWAY, Client, clients
from gateway.devissuer.grants import ACCESS_SECONDS
from gateway.devissuer.memory import CODE_SECONDS, REFRESH_SECONDS, Memory
from gateway.devissuer.minting import AUDIENCE, Mint
from gateway.devissuer.people import PEOPLE
from gateway.problems import Refusal
from gateway.signin.bearer import Bearer
from gateway.signin.keys import OwnKeys

ORIGIN = "http://127.0.0.1:8000"
ISSUER = f"{ORIGIN}/dev/issuer"
CALLBACK = f"{ORIGIN}/signin/callback"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
QUESTION = {
    "client_id": GATEWAY,
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": "openid profile",
    "state": "s t&x=1",
    "nonce": "n1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A browser and a client before the issuer."""

    def __init__(self, client: FlaskClient, mint: Mint, clock: Clock) -> None:
        self.client, self.mint, self.clock = client, mint, clock
        self.bearer = Bearer(ISSUER, AUDIENCE, OwnKeys(mint.jwk))

    def authorize(self, **changed: Any) -> TestResponse:
        asked = {name: value for name, value in {**QUESTION, **changed}.items() if value}
        return self.client.get("/dev/issuer/authorize", query_string=asked)

    def code(self, person: str = "sam", **changed: Any) -> str:
        answer = self.authorize(person=person, **changed)
        assert answer.status_code == 302, answer.text
        return parse_qs(urlsplit(answer.location).query)["code"][0]

    def exchange(self, code: str, **changed: Any) -> TestResponse:
        asked = {
            "grant_type": "authorization_code",
            "client_id": GATEWAY,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changed,
        }
        return self.token(**asked)

    def token(self, headers: Any = None, **asked: Any) -> TestResponse:
        given = {name: value for name, value in asked.items() if value is not None}
        return self.client.post("/dev/issuer/token", data=given, headers=headers)

    def refresh(self, token: str, **changed: Any) -> TestResponse:
        asked = {"grant_type": "refresh_token", "client_id": GATEWAY, "refresh_token": token}
        return self.token(**{**asked, **changed})


OTHERS = (
    Client("other", ("authorization_code",), redirect_uris=(CALLBACK,)),
    Client("vault", ("authorization_code",), secret="v", redirect_uris=(CALLBACK,)),
)
"""Further clients, such as development may once need."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    mint, clock = Mint(tmp_path / "issuer.pem", ISSUER), Clock()
    app = Flask("gateway", static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    known = {**clients(ORIGIN), **{one.client_id: one for one in OTHERS}}
    DevIssuer(mint, known, Memory(clock)).add_to(app)
    app.testing = True
    return Desk(app.test_client(use_cookies=False), mint, clock)


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [str(value) for name, value in attrs if tag == "a" and name == "href"]


def error(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None, answer.text
    return answer.status_code, answer.json["error"]


def sent_back(answer: TestResponse) -> dict[str, str]:
    assert answer.status_code == 302
    assert answer.location.startswith(f"{CALLBACK}?")
    return dict(parse_qsl(urlsplit(answer.location).query))


def test_discovery_leads_to_keys_that_verify_its_tokens(desk: Desk) -> None:
    told = desk.client.get("/dev/issuer/.well-known/openid-configuration").json
    assert told["issuer"] == ISSUER
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        path = told[name].removeprefix(ORIGIN)
        assert path != told[name]
        assert desk.client.get(path).status_code != 404, name
    keys = desk.client.get("/dev/issuer/keys").json["keys"]
    assert Bearer(ISSUER, AUDIENCE, OwnKeys(*keys)).verify(desk.mint.token("sam")).subject == "sam"
    assert all("d" not in key for key in keys)


def test_the_page_shows_every_person_and_a_click_signs_in(desk: Desk) -> None:
    page = desk.authorize()
    links = Links(page.text)
    clicks = [link for link in links.found if link.startswith("?")]
    assert len(clicks) == len([one for one in PEOPLE if one.kind == "person"])
    assert not links.tags & {"script", "img", "form", "iframe", "style"}
    for link in clicks:
        back = sent_back(desk.client.get(f"/dev/issuer/authorize{link}"))
        assert back["state"] == QUESTION["state"]
        assert desk.exchange(back["code"]).status_code == 200


def test_the_page_lets_a_browser_do_nothing_else(desk: Desk) -> None:
    headers = desk.authorize().headers
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"):
        assert rule in policy
    assert headers["Cache-Control"] == "no-store"
    hostile = desk.authorize(state='"><script>alert(1)</script>')
    assert "<script" not in hostile.text


def test_a_code_becomes_tokens_for_us_and_for_the_client(desk: Desk) -> None:
    answer = desk.exchange(desk.code("sue"))
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    identity = desk.bearer.verify(told["access_token"])
    assert (identity.subject, identity.client_id) == ("sue", GATEWAY)
    assert told["expires_in"] == ACCESS_SECONDS
    claims = jwt.decode(told["id_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["nonce"], claims["sub"]) == (GATEWAY, "n1", "sue")
    without_nonce = desk.exchange(desk.code("sue", nonce="")).json["id_token"]
    for token in (told["id_token"], without_nonce):
        with pytest.raises(Refusal):
            desk.bearer.verify(token)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": f"{CALLBACK}/"}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"redirect_uri": 'http://x/"\n\u00e9'}, "invalid_request"),
        ({"client_id": "ida"}, "invalid_request"),
    ],
)
def test_a_stranger_is_told_and_sent_nowhere(
    desk: Desk, changed: dict[str, str], told: str
) -> None:
    for more in ({}, {"person": "sam"}):
        assert error(desk.authorize(**changed, **more)) == (400, told)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"prompt": "none"}, "login_required"),
        ({"person": "nobody"}, "access_denied"),
        ({"person": "ida"}, "access_denied"),
    ],
)
def test_a_client_that_asks_wrongly_gets_its_answer(
    desk: Desk, changed: dict[str, str], told: str
) -> None:
    back = sent_back(desk.authorize(**{"person": "sam", **changed}))
    assert back["error"] == told
    assert back["state"] == QUESTION["state"]
    assert "code" not in back


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": None},
        {"code_verifier": CHALLENGE},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": "other"},
        {"client_id": "ida", "client_secret": "of-development"},
        {"client_id": GATEWAY, "client_secret": "x"},
        {"code": "x"},
        {"code": None},
        {"grant_type": "password"},
        {"grant_type": None},
        {"grant_type": 'x"\u00e9'},
    ],
    ids=str,
)
def test_a_code_is_given_to_nobody_else(desk: Desk, changed: dict[str, Any]) -> None:
    code = desk.code()
    status, _ = error(desk.exchange(**{"code": code, **changed}))
    assert status in (400, 401)


def test_a_client_that_has_a_secret_has_to_show_it(desk: Desk) -> None:
    code = desk.code(client_id="vault")
    assert error(desk.exchange(code, client_id="vault"))[1] == "invalid_client"


def test_a_code_is_good_once_and_for_a_minute(desk: Desk) -> None:
    code = desk.code()
    assert desk.exchange(code, code_verifier="w" * 43).status_code == 400
    assert error(desk.exchange(code)) == (400, "invalid_grant")
    late = desk.code()
    desk.clock.now += CODE_SECONDS
    assert error(desk.exchange(late)) == (400, "invalid_grant")


def test_a_refresh_token_gives_another_and_a_used_one_ends_them_all(desk: Desk) -> None:
    first = desk.exchange(desk.code()).json["refresh_token"]
    renewed = desk.refresh(first).json
    assert desk.bearer.verify(renewed["access_token"]).subject == "sam"
    second = renewed["refresh_token"]
    assert second != first
    other = desk.exchange(desk.code("sue")).json["refresh_token"]
    assert error(desk.refresh(first)) == (400, "invalid_grant")
    assert error(desk.refresh(second)) == (400, "invalid_grant")
    assert desk.refresh(other).status_code == 200


def test_a_refresh_token_is_its_clients_and_lasts_a_day(desk: Desk) -> None:
    token = desk.exchange(desk.code()).json["refresh_token"]
    assert error(desk.refresh(token, client_id="nobody")) == (400, "invalid_client")
    assert error(desk.refresh("x")) == (400, "invalid_grant")
    desk.clock.now += REFRESH_SECONDS
    assert error(desk.refresh(token)) == (400, "invalid_grant")


Asking = Callable[[Desk], TestResponse]
BASIC = {"Authorization": "Basic " + base64.b64encode(b"ida:of-development").decode()}


@pytest.mark.parametrize(
    "asking",
    [
        lambda desk: desk.token(BASIC, grant_type="client_credentials"),
        lambda desk: desk.token(
            grant_type="client_credentials", client_id="ida", client_secret="of-development"
        ),
    ],
)
def test_a_machine_signs_in_with_its_secret(desk: Desk, asking: Asking) -> None:
    told = asking(desk).json
    identity = desk.bearer.verify(told["access_token"])
    assert (identity.subject, identity.client_id) == ("ida", "ida")
    assert "refresh_token" not in told
    assert "id_token" not in told


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": "ida", "client_secret": "x"},
        {"client_id": "ida", "client_secret": "\u00e9"},
        {"client_id": "ida"},
        {"client_id": "sam", "client_secret": "of-development"},
        {"client_id": GATEWAY},
        {},
    ],
)
def test_a_machine_without_its_secret_is_nobody(desk: Desk, asked: dict[str, str]) -> None:
    status, told = error(desk.token(grant_type="client_credentials", **asked))
    assert (status, told) in ((401, "invalid_client"), (400, "invalid_client"))


def test_signing_out_ends_what_was_given_and_leads_back(desk: Desk) -> None:
    told = desk.exchange(desk.code()).json
    asked = {
        "id_token_hint": told["id_token"],
        "client_id": GATEWAY,
        "post_logout_redirect_uri": f"{ORIGIN}/",
        "state": "x",
    }
    answer = desk.client.get("/dev/issuer/signout", query_string=asked)
    assert (answer.status_code, answer.location) == (302, f"{ORIGIN}/?state=x")
    assert error(desk.refresh(told["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changed",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "nobody"},
        {"client_id": "ida"},
    ],
)
def test_signing_out_leads_nowhere_else(desk: Desk, changed: dict[str, str]) -> None:
    asked = {"client_id": GATEWAY, "post_logout_redirect_uri": f"{ORIGIN}/", **changed}
    answer = desk.client.get("/dev/issuer/signout", query_string=asked)
    assert answer.status_code == 200
    assert "Location" not in answer.headers


def test_a_token_of_somebody_else_signs_nobody_out(desk: Desk, tmp_path: Path) -> None:
    told = desk.exchange(desk.code()).json
    forged = Mint(tmp_path / "other.pem", ISSUER).id_token("sam", GATEWAY, None, 60)
    for hint in (forged, "x", ""):
        desk.client.get("/dev/issuer/signout", query_string={"id_token_hint": hint})
    assert desk.refresh(told["refresh_token"]).status_code == 200


def test_a_large_body_is_not_read(desk: Desk) -> None:
    answer = desk.token(grant_type="client_credentials", client_id="x" * 20_000)
    assert answer.status_code == 413


def test_what_is_remembered_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.devissuer.memory.REMEMBERED", 2)
    codes = [desk.code() for _ in range(3)]
    assert [desk.exchange(code).status_code for code in codes] == [400, 200, 200]
