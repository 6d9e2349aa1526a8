"""Search over a hundred thousand customers, by what people remember of them."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, islice
from urllib.parse import quote

from bench.load import drive, get, percentile
from bench.place import Place
from bench.results import Figure, Measure, Outcome, Rounds, Target
from events.contracts.base import fact
from events.contracts.marketing import CustomerRegistered
from events.contracts.sales import OrderPlaced
from events.deciding import Scope
from events.envelope import Event
from events.mongodb import Db, connect, database
from events.projection.view import Document, View, fold, touches
from events.types import StreamId, Version, new_id, utc_now
from gateway.platform.search.keys import number_key
from gateway.platform.views.search import order_numbers, search

SERVICE = "platform"
CUSTOMERS, QUICK_CUSTOMERS = 100_000, 20_000
CHUNK = 5_000
QUESTIONS = 1_200
SEED = 5
TARGET = Target(50, 25, at_most=True)

SYLLABLES = ("an", "bel", "car", "da", "el", "fa", "gor", "han", "is", "jo", "ka", "lu", "mar",
             "ni", "ol", "per", "ro", "sa", "ti", "ul", "vin", "wil", "xa", "yo", "ze")  # fmt: skip
GIVEN, FAMILIES = 800, 8_000
"""Names that there are."""
GIVEN_TOP, FAMILIES_TOP = 10, 30
"""The nth of them weighs 1 / (n + this): 2 % have the first given name, 0.6 % the first family's,
about as it is in large countries."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CHINESE_FAMILIES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
CHINESE = "小明华建国文军平志伟东海强晓生光林有坚和一博诚先敬震振壮会群豪心邦承乐绍功松善厚庆"

WHAT = f"""\
`GET /v1/search?q=…` at the platform's web process, one client, {CUSTOMERS:,} customers with Latin
(three in four) and Chinese names, some far more frequent than others, with phones, mail addresses
and member numbers, and an order for each. Questions are mixed in equal parts: a whole name, a name
with a slip in one word, one word with a slip, a beginning of two to five letters, a given name with
the beginning of the family's, a phone number, its last six digits, a mail address, a member number,
an order number. Each has up to 20 hits. The documents are those that the projection's fold makes.
The baseline is the least that a search can be: a plain `find` of one document by one key of the
same index, by the driver alone, without HTTP, sign-in or rights. The ratio is ours to it.\
"""

Person = tuple[str, str, str, str, str]
"""Id, name, phone, mail, member number."""
Question = tuple[str, str]
"""Its kind and its text."""


def take(place: Place, quick: bool) -> Outcome:
    space = place.space("search")
    config = place.config(space)
    with (
        place.web(space, SERVICE) as served,
        connect(config.mongodb_uri, "bench-search") as client,
    ):
        db = database(client, config.database(SERVICE))
        people = fill(db, QUICK_CUSTOMERS if quick else CUSTOMERS)
        questions = asked(people, random.Random(SEED))
        by_kind: dict[str, list[float]] = defaultdict(list)
        middles, lasts = Rounds(), Rounds()

        def request(number: int) -> bytes:
            text = questions[number % len(questions)][1]
            return get(f"{served.url}/v1/search?q={quote(text)}", served.signed())

        def ask(seconds: float) -> list[float]:
            return drive(served.url, request, clients=1, seconds=seconds).latencies

        ask(2.0)
        for _ in range(2 if quick else 5):
            ours, plain = ask(4.0 if quick else 8.0), look_up(db, people, 1.0)
            for (kind, _), latency in zip(questions * (len(ours) // QUESTIONS + 1), ours):  # noqa: B905
                by_kind[kind].append(latency)
            middles.add(percentile(ours, 0.5) * 1000, percentile(plain, 0.5) * 1000)
            lasts.add(percentile(ours, 0.95) * 1000, percentile(plain, 0.95) * 1000)
    everything = [latency for one in by_kind.values() for latency in one]
    return Outcome(
        [
            Figure("p95 of a question", "ms", percentile(everything, 0.95) * 1000, TARGET),
            lasts.figure("p95 against a plain find", "ms"),
            middles.figure("p50 against a plain find", "ms"),
        ],
        [f"{len(everything):,} questions; p50 and p95 in ms by kind: {told(by_kind)}."],
    )


def told(by_kind: Mapping[str, Sequence[float]]) -> str:
    return ", ".join(
        f"{kind} {percentile(one, 0.5) * 1000:.1f} and {percentile(one, 0.95) * 1000:.1f}"
        for kind, one in by_kind.items()
    )


def look_up(db: Db, people: Sequence[Person], seconds: float) -> list[float]:
    """The baseline: one customer after the other by the key of his member number."""
    customers = db[f"{search.name}_v1"]
    found, until, number = [], time.perf_counter() + seconds, 0
    while (started := time.perf_counter()) < until:
        key = number_key(people[number % len(people)][4])
        assert list(customers.find({"keys": key}, ["name"], limit=1))
        found.append(time.perf_counter() - started)
        number += 7919
    return found


def asked(people: Sequence[Person], chance: random.Random) -> list[Question]:
    """Questions about people who are there, a kind after the other."""
    kinds = list(KINDS.items())
    return [
        (kind, make(chance.choice(people), chance))
        for kind, make in (kinds[number % len(kinds)] for number in range(QUESTIONS))
    ]


def _slip_in_name(name: str, chance: random.Random) -> str:
    first, *others = name.split()
    return " ".join(
        [first, *(slipped(one, chance) for one in others)] if others else [slipped(first, chance)]
    )


def _given_and_beginning(name: str, chance: random.Random) -> str:
    first, *others = name.split()
    return " ".join([first, *(one[: chance.randint(1, 4)] for one in others)])


KINDS: Mapping[str, Callable[[Person, random.Random], str]] = {
    "whole name": lambda person, _: person[1],
    "name with a slip": lambda person, chance: _slip_in_name(person[1], chance),
    "word with a slip": lambda person, chance: slipped(chance.choice(person[1].split()), chance),
    "beginning": lambda person, chance: person[1][: chance.randint(2, 5)],
    "given name and beginning": lambda person, chance: _given_and_beginning(person[1], chance),
    "phone": lambda person, _: person[2],
    "last digits": lambda person, _: person[2][-6:],
    "mail": lambda person, _: person[3],
    "member number": lambda person, _: person[4],
    "order number": lambda person, _: f"order-{person[4]}",
}


def slipped(word: str, chance: random.Random) -> str:
    """A letter left out, added, changed, or two changed about."""
    at = chance.randrange(len(word))
    letter = chance.choice(LETTERS if word.isascii() else CHINESE)
    return chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        ]
    )


def fill(db: Db, count: int) -> list[Person]:
    """Customers and orders in the collections that the web process reads."""
    people = list(persons(count, random.Random(SEED)))
    for view in (search, order_numbers):
        documents = folded(view, people)
        while chunk := list(islice(documents, CHUNK)):
            db[f"{view.name}_v1"].insert_many(chunk, ordered=False)
    return people


def persons(count: int, chance: random.Random) -> Iterator[Person]:
    given, families = names(GIVEN, GIVEN_TOP, chance), names(FAMILIES, FAMILIES_TOP, chance)
    for number in range(count):
        if number % 4:
            name = f"{given()} {families()}"
        else:
            name = chance.choice(CHINESE_FAMILIES) + "".join(chance.choices(CHINESE, k=2))
        phone = f"+49 30 {chance.randrange(10**8):08d}"
        yield new_id(), name, phone, f"p{number}@example.org", f"M-{number:06d}"


def names(most: int, top: int, chance: random.Random) -> Callable[[], str]:
    """Draws from so many names."""
    known = [
        "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).title() for _ in range(most)
    ]
    weights = list(accumulate(1 / (place + top) for place in range(most)))
    return lambda: chance.choices(known, cum_weights=weights)[0]


def folded(view: View, people: Sequence[Person]) -> Iterator[Document]:
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
