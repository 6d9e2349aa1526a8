"""Two spellings of one name share a key; a document's keys are few."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.platform.search.words import (
    MOST_KEYS,
    SHORTEST_TYPO,
    bounded,
    folded,
    mail_keys,
    name_keys,
    number_key,
    phone_keys,
    spellings,
    words,
)

letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=SHORTEST_TYPO, max_size=14)


@given(letters, st.data())
def test_one_slip_leaves_a_common_spelling(word: str, data: st.DataObject) -> None:
    """Whichever: a letter left out, added, changed."""
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    slips = [word[:at] + word[at + 1 :], word[:at] + letter + word[at:],
             word[:at] + letter + word[at + 1 :]]  # fmt: skip
    for slip in slips:
        assert set(spellings(word)) & {slip, *spellings(slip)}


@given(letters)
def test_every_beginning_is_a_key_as_far_as_it_helps(word: str) -> None:
    keys = name_keys(word)
    for end in range(2, min(len(word), 7)):
        assert "^" + word[:end] in keys


@given(st.text(max_size=200))
def test_keys_are_bounded_whatever_the_name(name: str) -> None:
    keys = bounded(name_keys(name))
    assert len(keys) <= MOST_KEYS
    assert all(len(key) <= 20 for key in keys)


def test_what_people_write_in_several_ways_is_one() -> None:
    assert folded("Ｅｌｏïse ÅNGSTRÖM") == "eloise angstrom"
    assert words("O'Brien-Smith, Zoë") == ["o", "brien", "smith", "zoe"]
    assert words("王小明 Wang") == ["王小明", "wang"]
    assert words("李Li") == ["李", "li"]
    assert number_key("AB-12 34") == number_key("ab1234")
    assert mail_keys("Ada@Example.org") == ["@ada@example.org", "@ada"]
    assert set(phone_keys("+49 (30) 1234-5678")) == {"#493012345678", "#12345678"}
    assert phone_keys("12345") == []
