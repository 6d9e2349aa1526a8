"""What a customer can be found by, as keys of one index; a question makes its keys the same way.

A word is kept as itself and with each single letter left out. Two words that differ by one letter
left out, added or changed share such a key, so a slip costs an index look-up and no scan
(symmetric deletes; Garbe's SymSpell). Beginnings are kept too, for finding while typing. Chinese,
Japanese and Korean names are written without spaces: each run of characters is a word, in which
one character may be missing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

MOST_WORDS = 4
"""Of one name: the longest ones, for they tell most."""

LONGEST_WORD = 16
SHORTEST_TYPO = 4
"""Letters: in shorter words one letter is too much of the word. Two for scripts without spaces."""

FIRST_PREFIX, LAST_PREFIX = 2, 6
MOST_KEYS = 110
"""Of one customer; an unbounded array would make a document grow for ever."""

SURE_DIGITS = 8
"""The end of a phone number that tells it from others, whatever stands before it."""
FEWEST_DIGITS = 6

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_DIGITS = re.compile(r"\D+")


def folded(text: str) -> str:
    """One spelling for what people write in several: width, case, accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """The words of a name or a question, in their order; runs without spaces stand alone."""
    found: list[str] = []
    for word in _WORD.findall(folded(text)):
        at = 0
        for run in _UNSPACED.finditer(word):
            found += [word[at : run.start()], run.group()]
            at = run.end()
        found.append(word[at:])
    return [word[:LONGEST_WORD] for word in found if word]


def unspaced(word: str) -> bool:
    return bool(_UNSPACED.match(word))


def spellings(word: str) -> list[str]:
    """The word and, where it is long enough, each form with one letter left out."""
    if len(word) < (2 if unspaced(word) else SHORTEST_TYPO):
        return [word]
    shorter = {word[:at] + word[at + 1 :] for at in range(len(word))}
    return [word, *sorted(shorter)]


def beginnings(word: str) -> list[str]:
    first = 1 if unspaced(word) else FIRST_PREFIX
    return [word[:end] for end in range(first, min(len(word), LAST_PREFIX + 1))]


def name_keys(name: str) -> list[str]:
    """`=` a whole word, `~` a spelling of it, `^` a beginning."""
    chosen = sorted(set(words(name)), key=lambda word: (-len(word), word))[:MOST_WORDS]
    keys: list[str] = []
    for word in chosen:
        keys.append("=" + word)
        keys += ["^" + one for one in beginnings(word)]
        keys += ["~" + one for one in spellings(word)]
    return keys


def phone_keys(value: str) -> list[str]:
    """`#` all digits, and their end."""
    digits = digits_of(value)
    if len(digits) < FEWEST_DIGITS:
        return []
    return ["#" + one for one in sorted({digits, digits[-SURE_DIGITS:]})]


def digits_of(value: str) -> str:
    return _DIGITS.sub("", unicodedata.normalize("NFKC", value))


def mail_keys(value: str) -> list[str]:
    """`@` the whole address, and what stands before the sign."""
    whole = folded(value).strip()
    local, sign, _ = whole.partition("@")
    return ["@" + whole, "@" + local] if sign and local else []


def number_key(value: str) -> str:
    """`n` a member number as people read it out: without signs between, in one case."""
    return "n" + re.sub(r"[\W_]+", "", folded(value))


def contact_keys(points: Iterable[dict[str, str]]) -> list[str]:
    """Of contact points as profiles have them."""
    keys: list[str] = []
    for point in points:
        if point["kind"] in ("phone", "fax"):
            keys += phone_keys(point["value"])
        elif point["kind"] == "email":
            keys += mail_keys(point["value"])
    return keys


def bounded(keys: Sequence[str]) -> list[str]:
    """Each once, in their order, no more than a document may hold."""
    return list(dict.fromkeys(keys))[:MOST_KEYS]
