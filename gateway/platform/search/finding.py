"""From a question to hits: exact ones first, then beginnings and slips, the closest before others.

Each step is one query whose filter names keys only, so what the caller does not reach is never
counted among the candidates. A step is taken only while there are fewer hits than asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import OSA

from events.mongodb import Readable
from gateway.platform.search.words import (
    FEWEST_DIGITS,
    FIRST_PREFIX,
    LAST_PREFIX,
    SURE_DIGITS,
    digits_of,
    folded,
    number_key,
    spellings,
    unspaced,
    words,
)

MOST_CANDIDATES = 200
"""Ranked in memory; more of one question are told apart by another word of it."""

MAX_TIME_MS = 1_000
FIELDS = ["name", "kind", "contact_points", "member_no", "heard"]

Document = dict[str, Any]
Filter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """`matched` says by what: number, phone, email, name."""

    document: Document
    matched: str
    score: float


def find(customers: Readable, question: str, limit: int) -> list[Hit]:
    """At most `limit` hits, the best first, equal ones by id."""
    hits: dict[str, Hit] = {}
    for matched, chosen in _steps(question):
        if len(hits) >= limit:
            break
        found = customers.find(
            chosen, FIELDS, limit=MOST_CANDIDATES, max_time_ms=MAX_TIME_MS
        ).batch_size(MOST_CANDIDATES + 1)
        for document in found:
            score = _score(question, document, matched)
            if score > 0:
                hits.setdefault(document["_id"], Hit(document, matched, score))
    ranked = sorted(hits.values(), key=lambda hit: (-hit.score, hit.document["_id"]))
    return ranked[:limit]


def _steps(question: str) -> Iterator[tuple[str, Filter]]:
    """What to ask, the surest first."""
    text = folded(question).strip()
    yield "number", {"keys": number_key(question)}
    if "@" in text:
        yield "email", {"keys": "@" + text}
        return
    digits = digits_of(question)
    if len(digits) >= FEWEST_DIGITS:
        yield "phone", {"keys": {"$in": sorted({"#" + digits, "#" + digits[-SURE_DIGITS:]})}}
    asked = words(question)
    if not asked:
        return
    if len(text.split()) == 1:
        yield "email", {"keys": "@" + text}
    yield "name", _all(["=" + word] for word in asked)
    yield "name", _all(_near(word) for word in asked)


def _near(word: str) -> Sequence[str]:
    """The keys of words that begin so, or are spelled nearly so."""
    keys = ["=" + word, *("~" + one for one in spellings(word))]
    if len(word) >= (1 if unspaced(word) else FIRST_PREFIX):
        keys.append("^" + word[:LAST_PREFIX])
    return keys


def _all(each: Iterator[Sequence[str]] | Any) -> Filter:
    """Every word by one of its keys."""
    parts = [{"keys": {"$in": sorted(set(keys))}} for keys in each]
    return parts[0] if len(parts) == 1 else {"$and": parts}


def _score(question: str, document: Document, matched: str) -> float:
    """1 for what was asked for exactly, less for what is near, 0 for what only shares a key."""
    if matched != "name":
        return 2.0
    told = words(document.get("name", ""))
    if not told:
        return 0.0
    asked = words(question)
    return sum(max(_likeness(one, word) for word in told) for one in asked) / len(asked)


def _likeness(asked: str, word: str) -> float:
    if word == asked:
        return 1.0
    if word.startswith(asked):
        return 0.9
    allowed = 2 if len(asked) > 7 else 1
    distance = OSA.distance(asked, word, score_cutoff=allowed)
    return 0.0 if distance > allowed else 0.85 - 0.1 * distance
