"""What a customer can be found by, as keys of one index; a question makes its keys the same way.

The first character of a key says what it is, in the order in which the index gives them out:

    =lovelace        a whole word; a beginning is a range of these
    >小明            two characters side by side in a script without spaces
    @ada@example.org a mail address; what stands before the sign is a range of these
    ntl0042          a member number; a beginning is a range of these
    p810064970244    a phone number from its end: its last digits are a range of these
    ~lovlace         a word without one letter, or two of a long one

Two words that differ by a slip become equal when each loses the letters that it concerns, so a
slip costs look-ups and no scan (symmetric deletes; Garbe's SymSpell). Only the first `HEAD`
letters take part, which bounds the keys; whether the rest fits is for the ranking to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from gateway.platform.search.words import address, bare, phone, unspaced, words

WORD, PAIR, MAIL, NUMBER, PHONE, SLIP = "=", ">", "@", "n", "p", "~"

HEAD = 7
"""Letters: two words at a distance d have heads that become equal by leaving out d of each."""

SHORTEST_SLIP = 4
"""Letters of a word that a slip is looked for in; of a shorter one it would leave too little."""
SHORTEST_RUN_SLIP = 3

LONG_WORD = 8
"""Letters from which on two slips are looked for."""

MOST_WORDS = 4
"""Of one name or question: the longest, for they tell most."""
MOST_OF_NAME = 40
"""Keys. Four words of any length with one slip each need 36; what is left lets the longest take
a second slip, or a run of `LONGEST_RUN` characters have its pairs."""
MOST_POINTS = 21
"""Contact points: as many as a profile may have, and the one of an unknown party."""
MOST_KEYS = MOST_OF_NAME + MOST_POINTS + 1
"""Of one customer: an array without a bound would make documents, and the index, grow for ever."""


def chosen(found: Sequence[str]) -> list[str]:
    """The words that count, the longest, and so likely the rarest, first."""
    return sorted(found, key=lambda word: (-len(word), word))[:MOST_WORDS]


def slips(word: str, letters: int) -> list[str]:
    """The head of the word, and each form of it with up to so many letters left out."""
    head = word if unspaced(word) else word[:HEAD]
    found = {head}
    for count in range(1, letters + 1):
        for left in combinations(head, len(head) - count):
            found.add("".join(left))
    return sorted(found)


def slips_in(word: str) -> int:
    """How many slips are looked for in a word that is told."""
    if unspaced(word):
        return int(len(word) >= SHORTEST_RUN_SLIP)
    if any(letter.isdecimal() for letter in word):
        return 0  # another digit makes another number
    return (len(word) >= SHORTEST_SLIP) + (len(word) >= LONG_WORD)


def slips_asked(word: str) -> int:
    """How many letters a word that is asked for may have too many: one long may lack one."""
    if not unspaced(word) and len(word) == LONG_WORD - 1:
        return 2 * (slips_in(word) > 0)
    return slips_in(word)


def pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)]


def name_keys(name: str) -> list[str]:
    """First what every word needs, then the rest as long as there is room for all of a word's."""
    told = chosen(words(name))
    keys = [WORD + word for word in told]
    for word in told:
        keys += _parts(word) if unspaced(word) else _slips(word, min(1, slips_in(word)))
    for word in told:
        more = [key for key in _slips(word, slips_in(word)) if key not in keys]
        if len(keys) + len(more) <= MOST_OF_NAME:
            keys += more
    return list(dict.fromkeys(keys))[:MOST_OF_NAME]


def _parts(run: str) -> list[str]:
    return [PAIR + one for one in pairs(run)]


def _slips(word: str, letters: int) -> list[str]:
    """None of a word that no slip is looked for in; of a run at least itself."""
    return [SLIP + one for one in slips(word, letters)] if letters or unspaced(word) else []


def point_keys(points: Iterable[Mapping[str, str]], region: str | None) -> list[str]:
    """Of contact points as profiles have them."""
    keys = []
    for point in points:
        if point["kind"] in ("phone", "fax"):
            keys.append(phone_key(phone(point["value"], region)[0]))
        elif point["kind"] == "email":
            keys.append(MAIL + address(point["value"]))
    return list(dict.fromkeys(keys))[:MOST_POINTS]


def phone_key(digits: str) -> str:
    return PHONE + digits[::-1]


def number_key(number: str) -> str:
    return NUMBER + bare(number)


def customer_keys(
    name: str | None,
    points: Iterable[Mapping[str, str]],
    member_no: str | None,
    region: str | None,
) -> list[str]:
    """Of one customer, at most `MOST_KEYS`."""
    numbers = [number_key(member_no)] if member_no and bare(member_no) else []
    return [*numbers, *point_keys(points, region), *name_keys(name or "")]
