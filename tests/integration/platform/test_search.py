"""Search on a real MongoDB: what is remembered finds the customer, and only within reach."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderPlaced
from events.deciding import Scope
from gateway.platform.definition import DEFINITION
from tests.access import a_caller
from tests.happened import happened
from tests.house import House, opened

SEED = 11


@pytest.fixture(scope="module")
def platform(mongodb_uri: str) -> Iterator[House]:
    with opened(DEFINITION, mongodb_uri) as house:
        house.hear(*crowd())
        for customer in KNOWN:
            house.hear(registered(**customer))
        yield house


KNOWN: list[dict[str, Any]] = [
    {"id": "ada", "name": "Ada Lovelace", "phone": "+44 20 7946 0018", "mail": "ada@example.org",
     "member_no": "TL-0042"},
    {"id": "wang", "name": "王小明", "phone": "+86 138 1234 5678"},
    {"id": "zoe", "name": "Zoë O'Brien", "mail": "zoe.obrien@example.org"},
    {"id": "acme", "name": "Acme Pumps GmbH"},
]  # fmt: skip


def registered(id: str, name: str, *, org_unit: str = "north", **more: str) -> Any:
    points = [
        {"kind": kind, "value": more[word]}
        for word, kind in (("phone", "phone"), ("mail", "email"))
        if word in more
    ]
    data = {"customer_id": id, "kind": "person", "roles": ["end_customer"], "name": name,
            "contact_points": points, "source": "web", "scope": {"org_unit": org_unit}}  # fmt: skip
    if "member_no" in more:
        data["member_no"] = more["member_no"]
    return happened(id, fact(CustomerRegistered, **data), scope=Scope(org_unit))[0]


def crowd() -> list[Any]:
    """A thousand others, so that being found means something."""
    chance = random.Random(SEED)
    syllables = ["ma", "ri", "lo", "ken", "sto", "ber", "an", "del", "vic", "hu", "ge", "pol"]
    return [
        registered(
            f"c{number:04d}",
            " ".join(
                "".join(chance.choices(syllables, k=3)).title()
                for _ in range(chance.choice([1, 2]))
            ),
            org_unit="south",
        )
        for number in range(1000)
    ]


def hits(platform: House, question: str, **caller: Any) -> list[tuple[str, str]]:
    client = platform.client_of(a_caller(*caller.pop("roles", ("director",)), **caller))
    answer = client.get("/v1/search", query_string={"q": question})
    assert answer.status_code == 200, answer.json
    return [(one["id"], one["matched"]) for one in answer.json["hits"]]


@pytest.mark.parametrize(
    ("question", "found", "matched"),
    [
        ("Ada Lovelace", "ada", "name"), ("lovelace", "ada", "name"), ("love", "ada", "name"),
        ("Lovelase", "ada", "name"), ("Lovleace", "ada", "name"), ("Lovelacce", "ada", "name"),
        ("ovelace", "ada", "name"), ("ada lovelase", "ada", "name"),
        ("王小明", "wang", "name"), ("小明", "wang", "name"), ("王明", "wang", "name"),
        ("王", "wang", "name"), ("Zoe Brien", "zoe", "name"),
        ("brien", "zoe", "name"), ("ada@example.org", "ada", "email"),
        ("ADA@EXAMPLE.ORG", "ada", "email"), ("zoe.obrien", "zoe", "email"),
        ("020 7946 0018", "ada", "phone"), ("+442079460018", "ada", "phone"),
        ("138-1234-5678", "wang", "phone"), ("tl 0042", "ada", "number"),
        ("pumps acme", "acme", "name"),
    ],
)  # fmt: skip
def test_what_is_remembered_finds_the_customer(
    platform: House, question: str, found: str, matched: str
) -> None:
    assert hits(platform, question)[0] == (found, matched)


def test_a_stranger_is_not_found_by_chance(platform: House) -> None:
    assert hits(platform, "Xylophon") == []
    assert hits(platform, "!!!") == []


def test_any_slip_in_any_long_word_still_finds_it(platform: House) -> None:
    chance = random.Random(SEED)
    everybody = crowd()
    for event in chance.sample(everybody, 60):
        name, id = event.data["name"], event.data["customer_id"]
        word = chance.choice(name.split())
        at = chance.randrange(1, len(word))
        slip = word[:at] + chance.choice("xyzq") + word[at + chance.choice([0, 1]) :]
        found = [one for one, _ in hits(platform, name.replace(word, slip))]
        assert id in found, (name, slip)


def test_who_is_out_of_reach_is_not_found_and_takes_nobodys_place(platform: House) -> None:
    seller = {"roles": ("seller",), "subject": "sam", "org_unit": "north"}
    for question in ("Ada Lovelace", "ada@example.org", "TL-0042", "Lovelase"):
        assert hits(platform, question, **seller)[0][0] == "ada"
    others = crowd()[0].data["name"]
    assert hits(platform, others)
    assert hits(platform, others, **seller) == []


def test_an_order_number_leads_to_its_customer(platform: House) -> None:
    money = {"amount": "9.90", "currency": "USD"}
    line = {"product_id": "cd", "qty": 1, "price": money, "installable": False}
    data = {"order_id": "o-77", "customer_id": "ada", "kind": "sale", "lines": [line],
            "total": money, "channel": "web", "scope": {"org_unit": "north"}}  # fmt: skip
    platform.hear(*happened("o-77", fact(OrderPlaced, **data), scope=Scope("north")))
    assert hits(platform, "o-77") == [("ada", "order")]
    assert hits(platform, "o-77", roles=("seller",), subject="sue", org_unit="south") == []


def test_nonsense_is_told(platform: House) -> None:
    for query in ({}, {"q": ""}, {"q": "x" * 101}, {"q": "a", "limit": "0"}, {"q": "\u202e"}):
        answer = platform.get("/v1/search", **query)
        assert answer.status_code == 400, query
