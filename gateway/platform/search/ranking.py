"""How well a customer answers a question, and by what: pure, whichever query brought him.

Whoever is asked for by all that he has comes first, then who is by a part of it, then names:
each word as it is, begun, or with slips in it. 0 is for who only shares a key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import OSA, Indel

from gateway.platform.search.keys import chosen, slips_in
from gateway.platform.search.questions import FEWEST_DIGITS
from gateway.platform.search.words import (
    TELLING_DIGITS,
    address,
    bare,
    like_a_phone,
    phone,
    region_of,
    unspaced,
    words,
)

WHOLE, PART, LITTLE = 2.0, 1.5, 0.8
"""Of a number or an address: all of it, what tells it from others, less."""

ALIKE = 0.1
"""Share of the whole name in its score: of two with the words asked for, the shorter is meant."""

Document = Mapping[str, Any]
Judged = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`matched`: number, phone, email, name; empty with a score of 0."""

    score: float
    matched: tuple[str, ...]


NO = Verdict(0.0, ())


class Asked:
    """A question, taken apart once for all candidates."""

    def __init__(self, question: str) -> None:
        asked = words(question)
        self.text = " ".join(asked)
        self.words = chosen(asked)
        self.number = bare(question)
        self.mail = address(question)
        self.phone = phone(question) if like_a_phone(question) else None

    def by_number(self, document: Document) -> Verdict:
        """By member number, phone numbers and mail addresses of a document of the view `search`."""
        found = [one for one in self._numbers(document) if one[1] > 0]
        best = max((score for _, score in found), default=0.0)
        return Verdict(best, tuple(dict.fromkeys(kind for kind, _ in found)))

    def by_name(self, document: Document) -> Verdict:
        """By the words of the name, as the document has them."""
        told = document.get("words", ())
        each = []
        for one in self.words:
            best = max((likeness(one, word) for word in told), default=0.0)
            if not best:
                return NO
            each.append(best)
        if not each:
            return NO
        whole = Indel.normalized_similarity(self.text, " ".join(told))
        return Verdict((1 - ALIKE) * sum(each) / len(each) + ALIKE * whole, ("name",))

    def _numbers(self, document: Document) -> Iterator[Judged]:
        if "member_no" in document:
            yield "number", self._of_number(bare(document["member_no"]))
        region = region_of(document.get("locale"))
        for point in points_of(document):
            if point["kind"] in ("phone", "fax"):
                yield "phone", self._of_phone(point["value"], region)
            elif point["kind"] == "email":
                yield "email", self._of_mail(address(point["value"]))

    def _of_number(self, told: str) -> float:
        if not self.number:
            return 0.0
        return WHOLE if told == self.number else LITTLE * told.startswith(self.number)

    def _of_phone(self, value: str, region: str | None) -> float:
        if self.phone is None or len(self.phone[1]) < FEWEST_DIGITS:
            return 0.0
        asked, national = self.phone
        told, within = phone(value, region)
        if told == asked or within == asked:
            return WHOLE
        if not told.endswith(national) or (asked != national and told != within):
            return 0.0  # of another country, or another number
        return PART if len(national) >= TELLING_DIGITS else LITTLE

    def _of_mail(self, told: str) -> float:
        if told == self.mail:
            return WHOLE
        if "@" in self.mail:
            return LITTLE * told.startswith(self.mail)
        return LITTLE * (told.partition("@")[0] == self.mail)


def points_of(document: Document) -> list[dict[str, str]]:
    """Where the customer can be reached: as the profile says, and as he was heard from."""
    heard = document.get("heard", {})
    more = [heard["contact_point"]] if "contact_point" in heard else []
    return [*document.get("contact_points", ()), *more]


def likeness(asked: str, told: str) -> float:
    """Of two words: 1 for the same, 0 for others."""
    if asked == told:
        return 1.0
    if told.startswith(asked):
        return 0.9
    if unspaced(asked) and len(asked) > 1 and asked in told:
        return 0.85
    allowed = slips_in(max(asked, told, key=len) if unspaced(told) else told)
    distance = OSA.distance(asked, told, score_cutoff=allowed)
    return 0.0 if distance > allowed else 0.9 - 0.15 * distance
