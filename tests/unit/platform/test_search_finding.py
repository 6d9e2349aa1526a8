"""Among a thousand, whoever is asked for with a slip or by a beginning is found."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from gateway.platform.search.finding import MOST_CANDIDATES, find
from gateway.platform.search.keys import LONG_WORD, SHORTEST_SLIP, chosen
from gateway.platform.search.words import words
from tests.unit.platform.shelf import Shelf, customer

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FAMILIES, GIVEN = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    "小明华建国文军平志伟东海强晓生光林有坚和一博诚先敬震",
)
CHANCE = random.Random(7)


def latin() -> str:
    sizes = (CHANCE.randint(2, 12) for _ in range(CHANCE.randint(1, 4)))
    return " ".join("".join(CHANCE.choices(LETTERS, k=size)).title() for size in sizes)


def chinese() -> str:
    return CHANCE.choice(FAMILIES) + "".join(CHANCE.sample(GIVEN, 2))


PEOPLE = {f"c{n:04d}": chinese() if n % 4 == 0 else latin() for n in range(1000)}
SHELF = Shelf(customer(id, name) for id, name in PEOPLE.items())
people = st.sampled_from(sorted(PEOPLE))


def found(question: str, limit: int = 50) -> list[str]:
    return [hit.document["_id"] for hit in find(SHELF, question, limit)]


def slipped(word: str, letters: str) -> st.SearchStrategy[str]:
    """One letter left out, added, changed, or two beside each other changed about."""
    at, letter = st.integers(0, len(word) - 1), st.sampled_from(letters)
    return st.one_of(
        at.map(lambda n: word[:n] + word[n + 1 :]),
        st.builds(lambda n, one: word[:n] + one + word[n:], at, letter),
        st.builds(lambda n, one: word[:n] + one + word[n + 1 :], at, letter),
        at.map(lambda n: word[:n] + word[n : n + 2][::-1] + word[n + 2 :]),
    )


@settings(max_examples=400, deadline=None)
@given(people, st.data())
def test_any_slip_in_any_long_word_of_a_name(id: str, data: st.DataObject) -> None:
    name = PEOPLE[id]
    long = [word for word in name.split() if len(word) >= SHORTEST_SLIP]
    if long:
        word = data.draw(st.sampled_from(long))
        asked = data.draw(slipped(word, LETTERS))
        assert id in found(name.replace(word, asked, 1))
        assert id in found(asked)


@settings(max_examples=200, deadline=None)
@given(people.filter(lambda id: PEOPLE[id][0] in FAMILIES), st.data())
def test_any_slip_in_a_chinese_name(id: str, data: st.DataObject) -> None:
    """Left out, one too many, another one; two that changed places are two slips."""
    name = PEOPLE[id]
    at, other = data.draw(st.integers(0, 2)), data.draw(st.sampled_from(GIVEN))
    for asked in (
        name[:at] + name[at + 1 :],
        name[:at] + other + name[at:],
        name[:at] + other + name[at + 1 :],
    ):
        assert id in found(asked), asked


@settings(max_examples=300, deadline=None)
@given(people, st.data())
def test_any_beginning_of_any_word_and_of_the_whole_name(id: str, data: st.DataObject) -> None:
    name = PEOPLE[id]
    word = data.draw(st.sampled_from(name.split()))
    for whole in (word, name):
        assert id in found(whole[: data.draw(st.integers(2, len(whole)))])


@settings(max_examples=200, deadline=None)
@given(people, st.data())
def test_two_slips_in_the_longest_word(id: str, data: st.DataObject) -> None:
    """Of a name of one or two: with more of them there is room for one slip each."""
    told = chosen(words(PEOPLE[id]))
    if len(told) < 3 and len(told[0]) >= LONG_WORD:
        asked = data.draw(slipped(data.draw(slipped(told[0], LETTERS)), LETTERS))
        assume(OSA.distance(told[0], asked) <= 2)  # what stood side by side may do so no more
        assert id in found(asked)


def test_whole_words_come_before_beginnings_and_those_before_slips() -> None:
    shelf = Shelf(
        customer(id, name)
        for id, name in (("slip", "Anma"), ("begun", "Annabel"), ("more", "Anna Karenina"),
                         ("b", "Anna"), ("a", "Anna"), ("other", "Bert"))
    )  # fmt: skip
    hits = [hit.document["_id"] for hit in find(shelf, "anna", 50)]
    assert hits == ["a", "b", "more", "begun", "slip"]


@pytest.mark.parametrize(
    "asked", ["Xylophon", "!!!", "", "lovexxxx", "lovelacxyz", "ada lovelacxyz", "+", "@", "0"]
)
def test_who_only_shares_a_key_is_not_found(asked: str) -> None:
    assert find(Shelf([customer("ada", "Ada Lovelace")]), asked, 50) == []


def test_every_word_has_to_be_there() -> None:
    shelf = Shelf([customer("ada", "Ada Lovelace"), customer("bob", "Bob Lovelace")])
    assert [hit.document["_id"] for hit in find(shelf, "bob lovelase", 50)] == ["bob"]


def test_of_many_with_the_rarest_word_the_others_choose() -> None:
    """More than are ranked, and all before him."""
    crowd = [customer(f"a{n:04d}", "Ada Lovelace") for n in range(2 * MOST_CANDIDATES)]
    shelf = Shelf([*crowd, customer("bob", "Bob Lovelace")])
    assert [hit.document["_id"] for hit in find(shelf, "lovelace bob", 50)] == ["bob"]
    assert len(find(shelf, "lovelace", 50)) == 50


def test_a_number_of_another_country_is_another_number() -> None:
    points = [{"kind": "phone", "value": "+44 20 7946 0018"}]
    shelf = Shelf([customer("ada", contact_points=points)])
    assert find(shelf, "+49 20 7946 0018", 50) == []
    assert [hit.verdict.matched for hit in find(shelf, "+44 20 7946 0018", 50)] == [("phone",)]


def test_the_whole_comes_before_the_part() -> None:
    shelf = Shelf(
        [
            customer("a", member_no="M-12345"),
            customer("b", contact_points=[{"kind": "phone", "value": "+4930551234"}]),
            customer("c", member_no="M-1234"),
        ]
    )
    assert [hit.document["_id"] for hit in find(shelf, "m1234", 50)] == ["c", "a"]
    assert [hit.document["_id"] for hit in find(shelf, "1234", 50)] == ["b"]


def test_a_survivor_stands_for_whoever_was_absorbed_into_him() -> None:
    shelf = Shelf(
        [
            customer("old", "Ada Byron", merged_into="new"),
            customer("new", "Ada Lovelace"),
            customer("loop", "Ada Gordon", merged_into="loop"),
        ]
    )
    assert [hit.document["_id"] for hit in find(shelf, "ada byron", 50)] == ["new"]
    (hit,) = find(shelf, "ada", 50)
    assert (hit.document["_id"], hit.verdict.matched) == ("new", ("name",))
