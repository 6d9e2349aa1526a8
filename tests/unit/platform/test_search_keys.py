"""The keys of a customer are few, whatever he is called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.platform.search.keys import (
    MOST_KEYS,
    MOST_OF_NAME,
    SLIP,
    WORD,
    chosen,
    customer_keys,
    name_keys,
    slips,
)
from gateway.platform.search.words import LONGEST_RUN, LONGEST_WORD, unspaced, words

KINDS = ("phone", "email")
POINTS = [{"kind": kind, "value": f"{n}1555{n:04d}@x"} for n in range(20) for kind in KINDS]
names = st.one_of(
    st.text(max_size=200),
    st.lists(st.text("abcdefghijk", min_size=1, max_size=20), max_size=20).map(" ".join),
    st.text("王小明华建国文军平志伟 ", max_size=200),
)


@given(names)
def test_keys_are_bounded_whatever_the_name(name: str) -> None:
    keys = customer_keys(name, POINTS, "M-1", None)
    assert len(keys) <= MOST_KEYS <= 64
    assert len(set(keys)) == len(keys)
    assert all(len(key) <= LONGEST_WORD + 2 for key in name_keys(name))


@given(names)
def test_the_longest_words_are_kept_whole_and_with_one_slip(name: str) -> None:
    keys = name_keys(name)
    told = chosen(words(name))
    assert {WORD + word for word in told} <= set(keys)
    for word in told:
        if not unspaced(word) and len(word) >= 4 and not any(one.isdecimal() for one in word):
            assert {SLIP + one for one in slips(word, 1)} <= set(keys)


def test_what_a_usual_customer_costs() -> None:
    points = [{"kind": "phone", "value": "+442079460018"}, {"kind": "email", "value": "a@b.org"}]
    assert len(customer_keys("Ada Lovelace", points, "TL-0042", None)) == 34
    assert len(customer_keys("王小明", points, "TL-0042", None)) == 10
    assert len(name_keys("Alexandra Featherstonehaugh")) == 39 <= MOST_OF_NAME


def test_four_long_names_without_spaces_are_bounded_too() -> None:
    signs = [chr(0x4E00 + n) for n in range(4 * LONGEST_RUN)]  # all different, so no pair is shared
    runs = ["".join(signs[at : at + LONGEST_RUN]) for at in range(0, len(signs), LONGEST_RUN)]
    assert len(name_keys(" ".join(runs))) == MOST_OF_NAME


def test_slips_are_those_of_the_head() -> None:
    assert slips("love", 1) == ["loe", "lov", "love", "lve", "ove"]
    assert set(slips("lovelaces", 1)) == {"lovelac", *slips("lovelac", 1)}
    assert len(slips("abcdefgh", 2)) == 1 + 7 + 21


def test_digits_are_not_guessed_at() -> None:
    assert name_keys("Route66") == [WORD + "route66"]
