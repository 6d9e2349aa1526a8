"""Signing in with a browser at the development issuer, from the first click to signing out."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import orjson
import pytest

from events.mongodb import Db
from gateway.config import load_config
from gateway.devissuer.minting import Mint
from gateway.signin import SignIn
from tests.integration.gateway.little import free_port
from tests.integration.signin.door import Visitor, a_database, app_of, served


@pytest.fixture(scope="module")
def db(mongodb_uri: str) -> Iterator[Db]:
    with a_database(mongodb_uri) as db:
        yield db


@pytest.fixture(scope="module")
def gateway(db: Db, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    config = load_config(
        {
            "THROUGHLINE_UPSTREAMS": "sales=http://127.0.0.1:1",
            "THROUGHLINE_ACCESS_KEY": "unread",
            "THROUGHLINE_DEV_ISSUER": str(tmp_path_factory.getbasetemp() / "issuer.pem"),
            "THROUGHLINE_PORT": str(port),
        }
    )
    signin = SignIn(config, db)
    with served(port, lambda: app_of(signin.add_to, signin.identify)) as url:
        yield url


@pytest.fixture
def visitor(gateway: str) -> Iterator[Visitor]:
    with Visitor(gateway) as visitor:
        yield visitor


def signed_in(visitor: Visitor, person: str = "sam", wanted: str = "/") -> str:
    """Returns where the browser is sent in the end."""
    return visitor.get_page(callback(visitor, person, wanted)).headers["Location"]


def callback(visitor: Visitor, person: str = "sam", wanted: str = "/") -> str:
    """As far as the way back from the issuer."""
    question = visitor.get_page(f"/signin?next={quote(wanted)}").headers["Location"]
    page = visitor.get_page(question)
    assert "Sam, seller" in page.text
    return visitor.get_page(f"{question}&person={person}").headers["Location"]


def test_a_click_and_somebody_is_in(visitor: Visitor, gateway: str) -> None:
    assert visitor.who() is None
    assert signed_in(visitor, "sam", "/deals?open=1#x") == "/deals?open=1#x"
    assert visitor.who() == [f"{gateway}/dev/issuer", "sam", "throughline-gateway"]
    with Visitor(gateway) as stranger:
        assert stranger.who() is None


def test_the_cookie_is_out_of_reach_and_goes_nowhere_else(visitor: Visitor) -> None:
    answer = visitor.get_page(callback(visitor))
    (cookie,) = [
        line
        for line in answer.raw.headers.getlist("Set-Cookie")
        if line.startswith("throughline-session=")
    ]
    value, *attributes = cookie.split("; ")
    assert len(value.partition("=")[2]) == 43
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    assert not any(one.startswith(("Domain", "Max-Age", "Expires")) for one in attributes)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_database_alone_makes_nobody_anybody(visitor: Visitor, db: Db) -> None:
    db["sessions"].delete_many({})
    signed_in(visitor)
    (document,) = db["sessions"].find()
    secret = visitor.cookies["throughline-session"]
    assert secret not in str(document)
    assert "sam" not in str(document)
    assert document["ends_at"].tzinfo is not None
    for forged in (document["_id"], document["_id"][:43]):
        sent = {"Cookie": f"throughline-session={forged}"}
        assert visitor.get_page("/whoami", headers=sent).json() is None
    index = db["sessions"].index_information()["ends_at_1"]
    assert index["expireAfterSeconds"] == 0


@pytest.mark.parametrize("value", ["", "x", "x" * 43, "x" * 5000, '"', "\u00e9"])
def test_a_cookie_that_is_no_session_is_nobody(visitor: Visitor, value: str) -> None:
    sent = {"Cookie": f"throughline-session={quote(value)}"}
    assert visitor.get_page("/whoami", headers=sent).json() is None


def test_a_way_back_is_good_once(visitor: Visitor) -> None:
    way = callback(visitor)
    assert visitor.get_page(way).status_code == 303
    again = visitor.get_page(way)
    assert again.status_code == 400
    assert "/signin?next=" in again.text
    assert "script-src" not in again.headers["Content-Security-Policy"]


def test_nobody_is_signed_in_with_somebody_elses_way_back(visitor: Visitor, gateway: str) -> None:
    """Somebody sends his own way back to another person, who would work in his name."""
    with Visitor(gateway) as attacker:
        way = callback(attacker, "sue")
    assert visitor.get_page(way).status_code == 400
    callback(visitor)
    assert visitor.get_page(way).status_code == 400
    assert visitor.who() is None


def test_a_code_of_another_sign_in_does_not_fit(visitor: Visitor, gateway: str) -> None:
    """The stolen code comes with the right state: PKCE and nonce are what is left."""
    with Visitor(gateway) as victim:
        stolen = parse_qs(urlsplit(callback(victim, "dora")).query)["code"][0]
    own = parse_qs(urlsplit(callback(visitor, "sam")).query)
    answer = visitor.get_page(f"/signin/callback?code={stolen}&state={own['state'][0]}")
    assert answer.status_code == 403
    assert visitor.who() is None


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("error=access_denied", 403),
        ("error=access_denied&code=x", 403),
        ("", 403),
        ("code=x", 403),
        ("code=x&iss=https://evil.example", 400),
    ],
)
def test_a_provider_that_says_no(visitor: Visitor, more: str, status: int) -> None:
    state = parse_qs(urlsplit(callback(visitor)).query)["state"][0]
    answer = visitor.get_page(f"/signin/callback?state={state}&{more}")
    assert answer.status_code == status
    assert "Try again" in answer.text
    assert visitor.who() is None


@pytest.mark.parametrize("told", [None, "x", "%00", base64.b64encode(b"[1]").decode()])
def test_a_question_that_is_none(visitor: Visitor, told: str | None) -> None:
    sent = {} if told is None else {"Cookie": f"throughline-signin={told}"}
    answer = visitor.get_page("/signin/callback?code=x&state=x", headers=sent)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "evil", "/signout", "\t//evil"],
)
def test_nobody_is_led_elsewhere(visitor: Visitor, wanted: str) -> None:
    assert signed_in(visitor, "sam", wanted) == "/"
    asked = orjson.dumps(["s" * 43, "n", "v", wanted])
    sent = {"Cookie": f"throughline-signin={base64.urlsafe_b64encode(asked).decode()}"}
    refused = visitor.get_page(f"/signin/callback?state={'s' * 43}&error=x", headers=sent)
    assert 'href="/signin?next=%2F"' in refused.text


def test_a_new_sign_in_is_a_new_session_and_the_old_one_is_over(visitor: Visitor) -> None:
    signed_in(visitor, "sam")
    first = visitor.cookies["throughline-session"]
    signed_in(visitor, "sue")
    assert visitor.who()[1] == "sue"
    assert visitor.cookies["throughline-session"] != first
    old = {"Cookie": f"throughline-session={first}"}
    with Visitor(visitor.gateway) as other:
        assert other.get_page("/whoami", headers=old).json() is None


def test_another_name_of_this_machine_leads_to_the_one(visitor: Visitor, gateway: str) -> None:
    port = urlsplit(gateway).port
    answer = visitor.get_page(f"http://localhost:{port}/signin?next=/deals")
    assert answer.headers["Location"] == f"{gateway}/signin?next=%2Fdeals"
    hostile = visitor.get_page("/signin", headers={"Host": "evil.example"})
    asked = parse_qs(urlsplit(hostile.headers["Location"]).query)
    assert asked["redirect_uri"] == [f"{gateway}/signin/callback"]


# --- what other sites make a browser do


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Site": ""}, 200),
        ({"Origin": ""}, 200),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Sec_Fetch_Site": "cross-site", "Origin": ""}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 200),  # a form of the sign-out page, which tells no referrer
        ({"Origin": "null", "Sec_Fetch_Site": ""}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": ""}, 403),
        ({"Origin": "", "Sec_Fetch_Site": ""}, 403),
    ],
    ids=str,
)
def test_changes_come_from_our_own_pages(
    visitor: Visitor, headers: dict[str, str], status: int
) -> None:
    signed_in(visitor)
    answer = visitor.change("/whoami", **headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["type"].endswith("cross-site")


def test_reading_and_tokens_may_come_from_anywhere(
    visitor: Visitor, gateway: str, tmp_path_factory
) -> None:
    signed_in(visitor)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert visitor.get_page("/whoami", headers=foreign).json()[1] == "sam"
    mint = Mint(tmp_path_factory.getbasetemp() / "issuer.pem", f"{gateway}/dev/issuer")
    token = {"Authorization": f"Bearer {mint.token('ida')}"}
    answer = visitor.post(f"{gateway}/whoami", headers={**foreign, **token}, timeout=20)
    assert answer.json()[1] == "ida"


def test_a_bad_token_is_not_made_good_by_a_cookie(visitor: Visitor) -> None:
    signed_in(visitor)
    answer = visitor.get_page("/whoami", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401


# --- signing out


def test_signing_out_is_here_and_there(visitor: Visitor, gateway: str, db: Db) -> None:
    signed_in(visitor)
    count = db["sessions"].count_documents({})
    answer = visitor.change("/signout")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{gateway}/dev/issuer/signout?")
    assert "throughline-session" not in visitor.cookies
    assert visitor.who() is None
    assert db["sessions"].count_documents({}) == count - 1
    back = visitor.get_page(answer.headers["Location"])
    assert back.headers["Location"] == f"{gateway}/"


def test_what_was_kept_of_the_cookie_is_worth_nothing_afterwards(visitor: Visitor) -> None:
    signed_in(visitor)
    kept = {"Cookie": f"throughline-session={visitor.cookies['throughline-session']}"}
    assert visitor.get_page("/whoami", headers=kept).json() is not None
    visitor.change("/signout")
    assert visitor.get_page("/whoami", headers=kept).json() is None


def test_a_script_is_told_where_to_go(visitor: Visitor, gateway: str) -> None:
    signed_in(visitor)
    told = visitor.change("/signout", Accept="application/json").json()
    assert told["location"].startswith(f"{gateway}/dev/issuer/signout?")
    assert visitor.change("/signout", Accept="application/json").json() == {"location": "/"}


def test_no_other_site_signs_anybody_out(visitor: Visitor) -> None:
    signed_in(visitor)
    asked = visitor.get_page("/signout")
    assert 'method="post"' in asked.text
    assert "form-action 'self' http://127.0.0.1:" in asked.headers["Content-Security-Policy"]
    hostile = visitor.change("/signout", Origin="https://evil.example", Sec_Fetch_Site="cross-site")
    assert hostile.status_code == 403
    assert visitor.who()[1] == "sam"


def test_many_sign_in_at_once(gateway: str) -> None:
    seen: list[str] = []

    def one(person: str) -> None:
        with Visitor(gateway) as visitor:
            signed_in(visitor, person)
            seen.append(visitor.who()[1])

    people = ["sam", "sue", "ann", "ali"] * 2
    threads = [threading.Thread(target=one, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(people)
