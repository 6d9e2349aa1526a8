"""People with browsers: in through Keycloak's page, out again, and what must not happen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.integration.gateway.little import until
from tests.oidc.conftest import Stage
from tests.oidc.realm import GATEWAY
from tests.oidc.visitor import SECONDS, Visitor, form_of

pytestmark = pytest.mark.oidc

ORDERS = "/v1/sales/orders"
BRIEF_SECONDS = 4


@pytest.fixture
def sam(stage: Stage) -> Visitor:
    visitor = stage.visitor()
    back = visitor.sign_in("sam")
    assert back.status_code == 303, back.text
    return visitor


@pytest.fixture
def brief(stage: Stage) -> Iterator[None]:
    """The provider's word is good for seconds."""
    stage.realm.access_seconds(GATEWAY, BRIEF_SECONDS)
    yield
    stage.realm.access_seconds(GATEWAY, 600)


def test_somebody_signs_in_and_is_who_the_directory_says(stage: Stage) -> None:
    visitor = stage.visitor()
    assert visitor.step(ORDERS).status_code == 401
    back = visitor.sign_in("sam", wanted="/v1/sales/orders?page=2")
    assert (back.status_code, back.headers["Location"]) == (303, "/v1/sales/orders?page=2")
    cookie = next(line for line in back.raw.headers.getlist("Set-Cookie") if "session" in line)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert visitor.step(ORDERS).json()["target"] == "/v1/orders"
    seen = stage.sales.seen[-1]
    assert seen.values("Cookie") == []
    assert len(seen.values("Authorization")) == 1


def test_a_wrong_password_lets_nobody_in(stage: Stage) -> None:
    visitor = stage.visitor()
    page = visitor.sign_in("sam", "guessed")
    assert form_of(page)  # Keycloak asks again
    assert visitor.step(ORDERS).status_code == 401


def test_somebody_whom_the_directory_does_not_know(stage: Stage) -> None:
    visitor = stage.visitor()
    visitor.sign_in("eve")
    assert visitor.step(ORDERS).status_code == 403


def test_a_code_is_of_use_in_one_browser_and_once(stage: Stage) -> None:
    victim, thief = stage.visitor(), stage.visitor()
    where = victim.sign_in_at_provider("sam").headers["Location"]
    assert thief.step(where).status_code == 400
    assert thief.step(ORDERS).status_code == 401
    own = thief.get(f"{stage.url}/signin", allow_redirects=False, timeout=SECONDS)
    state = own.headers["Location"].partition("state=")[2].partition("&")[0]
    code = where.partition("code=")[2].partition("&")[0]
    injected = thief.step(f"{stage.url}/signin/callback?code={code}&state={state}")
    assert injected.status_code == 403  # nonce and verifier are not his
    assert thief.step(ORDERS).status_code == 401


def test_the_callback_is_good_once(stage: Stage) -> None:
    visitor = stage.visitor()
    where = visitor.sign_in_at_provider("sam").headers["Location"]
    assert visitor.step(where).status_code == 303
    assert visitor.step(where).status_code == 400
    assert visitor.step(ORDERS).status_code == 200


def test_what_another_site_makes_the_browser_do(sam: Visitor) -> None:
    assert sam.change(ORDERS).status_code == 200
    for origin, site in (("https://evil.example", "cross-site"), ("null", "same-site")):
        refused = sam.change(ORDERS, Origin=origin, Sec_Fetch_Site=site)
        assert refused.status_code == 403
        assert refused.json()["type"] == "urn:throughline:problem:cross-site"


def test_nobody_is_led_elsewhere(stage: Stage) -> None:
    for wanted in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
    ):
        visitor = stage.visitor()
        assert visitor.sign_in("sam", wanted=wanted).headers["Location"] in ("/", f"{stage.url}/")


@pytest.mark.usefixtures("brief")
def test_a_session_is_renewed_before_the_providers_word_ends(stage: Stage) -> None:
    renewed, refused = stage.realm.count("REFRESH_TOKEN"), stage.realm.count("REFRESH_TOKEN_ERROR")
    visitor = stage.visitor()
    visitor.sign_in("sam")
    over = time.time() + 3 * BRIEF_SECONDS

    def goes_on() -> bool:
        assert visitor.step(ORDERS).status_code == 200
        return time.time() > over

    until(goes_on)
    assert stage.realm.count("REFRESH_TOKEN") >= renewed + 2
    assert stage.realm.count("REFRESH_TOKEN_ERROR") == refused


@pytest.mark.usefixtures("brief")
def test_whom_the_provider_throws_out_is_out_here(stage: Stage) -> None:
    visitor = stage.visitor()
    visitor.sign_in("sam")
    assert visitor.step(ORDERS).status_code == 200
    stage.realm.throw_out("sam")
    until(lambda: visitor.step(ORDERS).status_code == 401)


def test_signing_out_ends_it_here_and_there(stage: Stage) -> None:
    stage.realm.throw_out("sam")
    visitor = stage.visitor()
    visitor.sign_in("sam")
    (session,) = [one for one in visitor.cookies if "session" in one.name and one.path == "/"]
    assert len(stage.realm.sessions("sam")) == 1

    there = visitor.change("/signout")
    assert there.status_code == 303
    assert there.headers["Location"].startswith(stage.realm.issuer)
    home = visitor.step(there.headers["Location"])
    assert home.headers["Location"] == f"{stage.url}/"
    assert stage.realm.sessions("sam") == []

    kept = {"Cookie": f"{session.name}={session.value}"}
    answer = requests.get(f"{stage.url}{ORDERS}", headers=kept, timeout=SECONDS)
    assert answer.status_code == 401
    assert form_of(visitor.step(visitor.step("/signin").headers["Location"]))  # asked anew


def test_many_requests_at_once_renew_once(stage: Stage) -> None:
    stage.realm.access_seconds(GATEWAY, BRIEF_SECONDS)
    try:
        visitor = stage.visitor()
        visitor.sign_in("sam")
    finally:
        stage.realm.access_seconds(GATEWAY, 600)
    cookie = "; ".join(f"{one.name}={one.value}" for one in visitor.cookies if one.path == "/")

    def ask(_: int) -> int:
        url = f"{stage.url}{ORDERS}"
        return requests.get(url, headers={"Cookie": cookie}, timeout=SECONDS).status_code

    over = time.time() + BRIEF_SECONDS + 1
    until(lambda: time.time() > over)  # the provider's word has ended: whoever comes has to wait
    renewed, refused = stage.realm.count("REFRESH_TOKEN"), stage.realm.count("REFRESH_TOKEN_ERROR")
    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(ask, range(36))) == {200}
    # Keycloak takes a refresh token once: a second use would be an error, and end the session.
    assert stage.realm.count("REFRESH_TOKEN") == renewed + 1
    assert stage.realm.count("REFRESH_TOKEN_ERROR") == refused
