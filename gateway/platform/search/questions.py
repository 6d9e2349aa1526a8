"""What to ask the index for: filters over `keys` alone, to which a caller's reach can be and-ed.

One index serves them all, and gives its keys out in their order: whole words before beginnings,
beginnings before slips. So whatever is cut off, is the least likely.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from bson.regex import Regex

from gateway.platform.search.keys import (
    MAIL,
    NUMBER,
    PAIR,
    SLIP,
    WORD,
    chosen,
    phone_key,
    slips,
    slips_asked,
)
from gateway.platform.search.keys import pairs as pairs_of
from gateway.platform.search.words import (
    address,
    bare,
    like_a_phone,
    phone,
    unspaced,
    words,
)

FEWEST_DIGITS = 4
"""Of a phone number: with fewer nobody is told apart."""
FEWEST_OF_NUMBER = 3
"""Characters of a member number that is not given whole."""
SHORTEST_BEGINNING = 2

Filter: TypeAlias = Mapping[str, Any]
Key: TypeAlias = "str | Regex[str]"


def by_number(question: str) -> Filter | None:
    """Customers with such a member number, phone number or mail address."""
    keys = [*_mail(address(question)), *_member(bare(question)), *_phone(question)]
    return {"keys": {"$in": keys}} if keys else None


def by_name(question: str) -> list[Filter]:
    """For each word, customers with it in their name, whole, begun or with slips.

    The likely rarest is the first; none where the question can't be a name.
    """
    if "@" in question or (like_a_phone(question) and len(bare(question)) >= FEWEST_DIGITS):
        return []
    return [_word(word) for word in chosen(words(question))]


def _mail(text: str) -> list[Key]:
    """A whole address, one that is being typed, or what stands before the sign."""
    if not text or " " in text:
        return []
    return [_begins(MAIL, text if "@" in text else text + "@")]


def _member(number: str) -> list[Key]:
    """Only with a digit is it looked for by its beginning: else it may well be a name."""
    if not number:
        return []
    begun = len(number) >= FEWEST_OF_NUMBER and any(one.isdecimal() for one in number)
    return [_begins(NUMBER, number)] if begun else [NUMBER + number]


def _phone(question: str) -> list[Key]:
    """By the digits within the country, which end the number with and without the country's."""
    if not like_a_phone(question):
        return []
    _, national = phone(question)
    return [_begins("", phone_key(national))] if len(national) >= FEWEST_DIGITS else []


def _word(word: str) -> Filter:
    keys: list[Key] = [WORD + word]
    if len(word) >= SHORTEST_BEGINNING or unspaced(word):
        keys = [_begins(WORD, word)]
    inner = pairs_of(word) if unspaced(word) else []
    if len(inner) == 1:
        keys.append(PAIR + word)
    keys += [SLIP + one for one in slips(word, slips_asked(word)) if len(one) > 1]
    near: Filter = {"keys": {"$in": keys}}
    if len(inner) < 2:
        return near
    return {"$or": [near, {"keys": {"$all": [PAIR + one for one in inner]}}]}


def _begins(tag: str, text: str) -> Regex[str]:
    """A range of the index: the server knows such an expression for a prefix."""
    return Regex("^" + re.escape(tag + text))
