"""Search over a hundred thousand customers, by what people remember of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

from bench.load import drive, get, percentile
from bench.place import Place, Space
from bench.results import Figure, Measure, Outcome, Rounds, Target
from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderPlaced
from events.deciding import Scope
from events.envelope import Event
from events.mongodb import connect, database
from events.projection.view import Document, View, fold, touches
from events.types import StreamId, Version, new_id, utc_now
from gateway.platform.views.search import order_numbers, search

SERVICE = "platform"
CUSTOMERS, QUICK_CUSTOMERS = 100_000, 20_000
CHUNK = 5_000
QUESTIONS = 600
SEED = 5
TARGET = Target(50, 25, at_most=True)

LATIN = ("an", "bel", "car", "da", "el", "fa", "gor", "han", "is", "jo", "ka", "lu", "mar", "ni",
         "ol", "per", "ro", "sa", "ti", "ul", "vin", "wil", "xa", "yo", "ze")  # fmt: skip
CHINESE_FIRST = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
CHINESE = "小明华建国文军平志伟东海强晓生光林有坚和一博诚先敬震振壮会群豪心邦承乐绍功松善厚庆"

WHAT = f"""\
`GET /v1/search?q=…` at the platform's web process, one client, {CUSTOMERS:,} customers with Latin
(three in four) and Chinese names, phones, mail addresses and member numbers, and an order for each.
Questions are mixed in equal parts: whole name, one word with a slip in it, a beginning of three
letters and more, phone, mail, member number, order number. The documents are those that the
projection's fold makes. The last figure is against a question by member number alone, which is one
look-up in the same index: what slips and beginnings cost.\
"""

Person = tuple[str, str, str, str, str]
"""Id, name, phone, mail, member number."""


def take(place: Place, quick: bool) -> Outcome:
    space = place.space("search")
    with place.web(space, SERVICE) as served:
        people = fill(place, space, QUICK_CUSTOMERS if quick else CUSTOMERS)
        questions = [quote(one) for one in asked(people, random.Random(SEED))]
        numbers = [quote(one[4]) for one in people[:QUESTIONS]]
        rounds = Rounds()
        everything: list[float] = []

        def ask(which: list[str], seconds: float) -> list[float]:
            def request(number: int) -> bytes:
                url = f"{served.url}/v1/search?q={which[number % len(which)]}"
                return get(url, served.signed())

            return drive(served.url, request, clients=1, seconds=seconds).latencies

        ask(questions, 1.0)
        for _ in range(2 if quick else 5):
            ours = ask(questions, 3.0)
            everything += ours
            rounds.add(percentile(ours, 0.5) * 1000, percentile(ask(numbers, 1.0), 0.5) * 1000)
    p50, p95 = (percentile(everything, share) * 1000 for share in (0.5, 0.95))
    return Outcome(
        [
            Figure("p95 of a question", "ms", p95, TARGET),
            Figure("p50 of a question", "ms", p50),
            rounds.figure("p50 against one look-up", "ms"),
        ]
    )


def asked(people: list[Person], chance: random.Random) -> list[str]:
    """Questions about people who are there."""
    found = []
    for number in range(QUESTIONS):
        _, name, phone, mail, member = chance.choice(people)
        kind = number % 7
        if kind == 1:
            name = slipped(chance.choice(name.split()), chance)
        elif kind == 2:
            name = name[: chance.randint(3, 5)]
        found.append([name, name, name, phone, mail, member, f"order-{member}"][kind])
    return found


def slipped(word: str, chance: random.Random) -> str:
    """One letter left out."""
    at = chance.randrange(len(word))
    return word[:at] + word[at + 1 :] or word


def fill(place: Place, space: Space, count: int) -> list[Person]:
    """Customers and orders in the collections that the web process reads."""
    chance = random.Random(SEED)
    people = [person(number, chance) for number in range(count)]
    config = place.config(space)
    with connect(config.mongodb_uri, "bench-search") as client:
        db = database(client, config.database(SERVICE))
        for view in (search, order_numbers):
            collection = db[f"{view.name}_v1"]
            documents = folded(view, people)
            while chunk := list(islice(documents, CHUNK)):
                collection.insert_many(chunk, ordered=False)
    return people


def person(number: int, chance: random.Random) -> Person:
    if number % 4:
        words = ["".join(chance.choices(LATIN, k=chance.randint(2, 4))).title() for _ in "ab"]
        name = " ".join(words)
    else:
        name = chance.choice(CHINESE_FIRST) + "".join(chance.choices(CHINESE, k=2))
    digits = f"{chance.randrange(10**9):09d}"
    return new_id(), name, f"+49 {digits}", f"p{number}@example.org", f"M-{number:06d}"


def folded(view: View, people: list[Person]) -> Iterator[Document]:
    for one in people:
        yield from fold(view, {}, touches(view, events_of(one)))


def events_of(one: Person) -> list[Event]:
    id, name, phone, mail, member = one
    scope = Scope()
    points = [{"kind": "phone", "value": phone}, {"kind": "email", "value": mail}]
    money = {"amount": "1.00", "currency": "USD"}
    line = {"product_id": "p", "qty": 1, "price": money, "installable": False}
    registered = fact(
        CustomerRegistered,
        customer_id=id,
        kind="person",
        roles=["end_customer"],
        name=name,
        contact_points=points,
        source="bench",
        member_no=member,
        scope=scope.to_data(),
    )
    placed = fact(
        OrderPlaced,
        order_id=f"order-{member}",
        customer_id=id,
        kind="sale",
        lines=[line],
        total=money,
        channel="web",
        scope=scope.to_data(),
    )
    return [
        Event(
            id=new_id(),
            type=told.type,
            stream=StreamId.of(aggregate, id),
            version=Version(1),
            key=id,
            subject=id,
            source=source,
            occurred_at=utc_now(),
            recorded_at=utc_now(),
            actor="bench",
            correlation_id=id,
            causation_id=None,
            backfilled=True,
            scope=scope,
            epoch=1,
            traceparent=None,
            data=told.data,
        )
        for told, aggregate, source in (
            (registered, "customer", "marketing"),
            (placed, "order", "sales"),
        )
    ]


MEASURE = Measure("search", "Search over customers", WHAT, take)
