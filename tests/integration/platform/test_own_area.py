"""Links and what they lead to, on a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderPlaced
from events.contracts.service import CaseOpened
from events.deciding import Scope
from gateway.platform.links import LinkTokens, Named, key_in
from tests.access import a_caller
from tests.contract.goldens import GOLDENS
from tests.happened import happened
from tests.house import House

SAM = a_caller("seller", subject="sam", org_unit="north-1")
TOM = a_caller("seller", subject="tom", org_unit="south-1")
LINKS = "/v1/customers/c1/links"


def full(contract: Any, **changes: Any) -> Any:
    return fact(contract, **{**GOLDENS.load(contract.TYPE)["full"], **changes})


@pytest.fixture(autouse=True)
def customers(platform: House) -> None:
    for id, unit in (("c1", "north-1"), ("c2", "south-1")):
        registered = full(CustomerRegistered, customer_id=id)
        placed = full(OrderPlaced, customer_id=id, order_id=f"order-of-{id}")
        platform.hear(*happened(id, registered, scope=Scope(unit)))
        platform.hear(*happened(f"order-of-{id}", placed, scope=Scope(unit)))


def link(platform: House, by: Any = SAM, path: str = LINKS, **headers: str) -> Any:
    return platform.client_of(by).post(path, json={"hours": 1}, headers=headers)


def opened(platform: House, url: str, **headers: str) -> Any:
    """As a customer opens it: without any sign-in."""
    return platform.client_of(None).get(url, headers=headers)


def test_whoever_has_the_link_sees_the_area_and_nothing_goes_to_a_cache(platform: House) -> None:
    made = link(platform)
    assert made.status_code == 201
    answer = opened(platform, made.json["url"])
    assert [one["id"] for one in answer.json["orders"]] == ["order-of-c1"]
    assert answer.json["expires_at"] == made.json["expires_at"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert opened(platform, made.json["url"] + "?utm_source=mail").status_code == 200


def test_a_browser_gets_a_page_that_runs_nothing_and_escapes_all(platform: House) -> None:
    evil = "<script>alert(1)</script>"
    line = {"product_id": "p1", "qty": 2, "price": {"amount": "1", "currency": "EUR"},
            "installable": False}  # fmt: skip
    placed = full(OrderPlaced, customer_id="c1", order_id="o2", lines=[line])
    platform.hear(*happened("o2", placed))

    platform.hear(*happened("k1", full(CaseOpened, customer_id="c1", case_id="k1", subject=evil)))
    answer = opened(platform, link(platform).json["url"], Accept="text/html,*/*;q=0.8")
    assert answer.content_type == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "script-src" not in policy
    assert "2 × p1" in answer.text
    assert evil not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_only_who_reaches_the_customer_shares_him(platform: House) -> None:
    """Else a link would be a way to whoever is out of reach."""
    assert link(platform, TOM).status_code == 404
    assert link(platform, SAM, "/v1/customers/c2/links").status_code == 404
    assert link(platform, path="/v1/customers/nobody/links").status_code == 404
    for role in ("marketer", "analyst", "auditor", "administrator"):
        assert link(platform, a_caller(role)).status_code == 403
    for role in ("director", "agent", "integrator"):
        assert link(platform, a_caller(role)).status_code == 201
    for hours in (0, 721):
        answer = platform.client_of(SAM).post(LINKS, json={"hours": hours})
        assert answer.json["errors"][0]["pointer"] == "/hours"


def test_a_revoked_link_leads_nowhere_and_every_dead_end_looks_the_same(platform: House) -> None:
    made = link(platform).json
    path = f"/v1/links/{made['link_id']}/revoke"
    tom = platform.client_of(TOM)
    assert tom.post(path, headers={"If-Match": "*"}).status_code == 404
    assert opened(platform, made["url"]).status_code == 200
    sam = platform.client_of(SAM)
    assert sam.post(path).status_code == 428
    assert sam.post(path, headers={"If-Match": "*"}).status_code == 200

    header, claims, signature = made["url"].split(".")
    dead = [
        opened(platform, url)
        for url in (made["url"], f"{header}.{claims}.{signature[::-1]}", "/v1/own/nonsense")
    ]
    for answer in dead:
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    told = [{k: v for k, v in one.json.items() if k not in ("instance", "trace")} for one in dead]
    assert told[0] == told[1] == told[2]


def test_a_token_without_its_link_leads_nowhere(platform: House) -> None:
    """Who had the key still could not make a link that nobody made."""
    tokens = LinkTokens(lambda: key_in(platform.db))
    later = datetime.now(UTC) + timedelta(hours=1)
    made = link(platform).json["link_id"]
    for named in (Named("never-made", "c1"), Named(made, "c2")):
        assert opened(platform, f"/v1/own/{tokens.token(named, later)}").status_code == 404
    assert opened(platform, f"/v1/own/{tokens.token(Named(made, 'c1'), later)}").status_code == 200


def test_no_event_and_no_list_holds_the_token(platform: House) -> None:
    url = link(platform).json["url"]
    platform.settle()
    token = url.rpartition("/")[2]
    assert token not in str(platform.commits())
    answer = platform.client_of(SAM).get("/v1/links", query_string={"customer_id": "c1"})
    assert len(answer.json["items"]) == 1
    assert token not in answer.text
    assert platform.client_of(TOM).get("/v1/links").json["items"] == []


def test_making_it_twice_with_one_key_is_one_link(platform: House) -> None:
    first, again = (link(platform, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json


def test_each_hour_in_which_it_is_opened_is_on_record_once(platform: House) -> None:
    made = link(platform).json
    for _ in range(3):
        opened(platform, made["url"])
    opened(platform, "/v1/own/nonsense")
    platform.settle()
    read = platform.get("/v1/accesses", record="c1").json["items"]
    assert {(one["actor"], one["what"]) for one in read} == {
        (f"link:{made['link_id']}", "platform.get_own_area")
    }
    assert len(read) <= 2  # the hour may have turned


def test_nothing_but_reading_is_public(platform: House) -> None:
    url = link(platform).json["url"]
    nobody = platform.client_of(None)
    assert nobody.post(url).status_code == 405
    assert nobody.post(f"{url}/cases").status_code == 404
    assert nobody.get("/v1/links").status_code == 401
    assert nobody.post(LINKS, json={"hours": 1}).status_code == 401


def test_processes_that_need_a_key_at_once_share_one(platform: House) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: key_in(platform.db), range(8)))
    told = {key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for key in keys}
    assert len(told) == 1
