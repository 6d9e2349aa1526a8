"""Search on a real MongoDB: what is remembered finds the customer, and only within reach."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderPlaced
from events.contracts.service import InteractionStarted, UnknownPartyIdentified
from events.deciding import Scope
from gateway.platform.definition import DEFINITION
from gateway.platform.search.questions import by_name, by_number
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
    {"id": "hiero", "name": "Hieronymus Bosch"},
    {"id": "huawei", "name": "北京华为技术有限公司"},
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


def hits(platform: House, question: str, **caller: Any) -> list[tuple[str, list[str]]]:
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
        ("王", "wang", "name"), ("Zoe Brien", "zoe", "name"), ("zoe obrien", "zoe", "name"),
        ("brien", "zoe", "name"), ("ada@example.org", "ada", "email"),
        ("ADA@EXAMPLE.ORG", "ada", "email"), ("ada@exam", "ada", "email"),
        ("zoe.obrien", "zoe", "email name"), ("020 7946 0018", "ada", "phone"),
        ("+442079460018", "ada", "phone"), ("0044 20 7946 0018", "ada", "phone"),
        ("79460018", "ada", "phone"), ("0018", "ada", "phone"),
        ("138-1234-5678", "wang", "phone"), ("１３８ 1234 5678", "wang", "phone"),
        ("tl 0042", "ada", "number"), ("TL-00", "ada", "number"), ("pumps acme", "acme", "name"),
        ("Hieronymus", "hiero", "name"), ("Hyeronimus", "hiero", "name"),
        ("北京华为技术", "huawei", "name"), ("华为", "huawei", "name"),
        ("华为技术", "huawei", "name"), ("王小名", "wang", "name"),
    ],
)  # fmt: skip
def test_what_is_remembered_finds_the_customer(
    platform: House, question: str, found: str, matched: str
) -> None:
    assert hits(platform, question)[0] == (found, matched.split())


def test_a_stranger_is_not_found_by_chance(platform: House) -> None:
    assert hits(platform, "Xylophon") == []
    assert hits(platform, "!!!") == []


def test_any_slip_and_any_beginning_of_a_name_still_finds_it(platform: House) -> None:
    chance = random.Random(SEED)
    for event in chance.sample(crowd(), 40):
        name, id = event.data["name"], event.data["customer_id"]
        word = chance.choice(name.split())
        for asked in (name.replace(word, slipped(word, chance)), name[: chance.randint(5, 9)]):
            assert id in [one for one, _ in hits(platform, asked)], (name, asked)


def slipped(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + chance.choice("xyzq") + word[at + chance.choice([0, 1]) :]


def test_who_is_out_of_reach_is_not_found_and_takes_nobodys_place(platform: House) -> None:
    seller = {"roles": ("seller",), "subject": "sam", "org_unit": "north"}
    for question in ("Ada Lovelace", "ada@example.org", "TL-0042", "Lovelase"):
        assert hits(platform, question, **seller)[0][0] == "ada"
    others = crowd()[0].data["name"]
    assert hits(platform, others)
    assert hits(platform, others, **seller) == []


def order_of(platform: House, order_id: str, customer_id: str) -> None:
    money = {"amount": "9.90", "currency": "USD"}
    line = {"product_id": "cd", "qty": 1, "price": money, "installable": False}
    data = {"order_id": order_id, "customer_id": customer_id, "kind": "sale", "lines": [line],
            "total": money, "channel": "web", "scope": {"org_unit": "north"}}  # fmt: skip
    platform.hear(*happened(order_id, fact(OrderPlaced, **data), scope=Scope("north")))


def test_an_order_number_leads_to_its_customer(platform: House) -> None:
    order_of(platform, "o-77", "ada")
    assert hits(platform, "o-77") == [("ada", ["order"])]
    assert hits(platform, "o-77", roles=("seller",), subject="sue", org_unit="south") == []


def test_nonsense_is_told(platform: House) -> None:
    for query in ({}, {"q": ""}, {"q": "x" * 101}, {"q": "a", "limit": "0"}, {"q": "\u202e"}):
        answer = platform.get("/v1/search", **query)
        assert answer.status_code == 400, query


def test_kinds_are_merged_into_one_hit(platform: House) -> None:
    platform.hear(registered("lin", "Lin Lin", mail="lin@example.com", phone="+49 30 5550199"))
    assert hits(platform, "lin")[0] == ("lin", ["email", "name"])
    order_of(platform, "5550199", "lin")
    assert hits(platform, "5550199")[0] == ("lin", ["order", "phone"])


def test_hits_are_as_many_as_asked_for_and_always_in_one_order(platform: House) -> None:
    for number in range(12):
        platform.hear(registered(f"twin-{11 - number:02d}", "Dorothea Quill"))
    answer = platform.get("/v1/search", q="dorothea quill", limit=5)
    assert [one["id"] for one in answer.json["hits"]] == [f"twin-{n:02d}" for n in range(5)]


def test_who_nobody_knew_is_found_by_the_number_he_called_from(platform: House) -> None:
    told = {"interaction_id": "call-7", "customer_id": "stranger"}
    point = {"kind": "phone", "value": "+1 650 253 0000"}
    scope = {"org_unit": "north"}
    started = fact(InteractionStarted, channel="voice", direction="inbound", scope=scope, **told)
    unknown = fact(UnknownPartyIdentified, contact_point=point, **told)
    platform.hear(*happened("call-7", started, unknown, scope=Scope("north")))
    assert hits(platform, "650 253 0000") == [("stranger", ["phone"])]


def test_the_absorbed_lead_to_the_survivor(platform: House) -> None:
    """Nothing is merged yet; this is what a merge will have to write into the document."""
    for id, name in (("old", "Ludwina Farrow"), ("mid", "Lu Farrow"), ("new", "Ludwina Barrow")):
        platform.hear(registered(id, name))
    documents = platform.db["search_v1"]
    for id, survivor in (("old", "mid"), ("mid", "new")):
        documents.update_one({"_id": id}, {"$set": {"merged_into": survivor}})
    assert hits(platform, "Ludwina Farrow") == [("new", ["name"])]
    documents.update_one({"_id": "new"}, {"$set": {"org_unit": "south"}})
    seller = {"roles": ("seller",), "subject": "sam", "org_unit": "north"}
    assert hits(platform, "Ludwina Farrow", **seller) == []
    documents.update_one({"_id": "new"}, {"$set": {"merged_into": "old"}})
    assert hits(platform, "Ludwina Farrow") == []


def test_the_hidden_push_nobody_out(platform: House) -> None:
    """More of them than are looked at, and all before him in the index."""
    platform.hear(
        *(registered(f"a{n:04d}", "Xaver Ypsilon", org_unit="south") for n in range(400)),
        registered("z", "Xaver Ypsilon"),
    )
    seller = {"roles": ("seller",), "subject": "sam", "org_unit": "north"}
    assert hits(platform, "xaver ypsilon", **seller) == [("z", ["name"])]


def test_questions_are_answered_by_the_index_alone(platform: House) -> None:
    customers = platform.db["search_v1"]
    for question in ("ada lovelace", "王小明", "华为技术", "lov", "0018", "TL-0042", "a@b.c", "q"):
        for filter in (by_number(question), *by_name(question)[:1]):
            if filter:
                plan = str(customers.find(filter).explain()["queryPlanner"]["winningPlan"])
                assert "IXSCAN" in plan, question
                assert "COLLSCAN" not in plan, question
