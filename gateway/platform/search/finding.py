"""From a question to hits: candidates from the index, ranked in memory.

Every query filters by keys, so a caller's reach is and-ed to it before anything is cut off: who
is hidden takes nobody's place. How many are looked at is bounded, whatever is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pymongo.command_cursor import CommandCursor

from events.mongodb import Readable
from gateway.platform.search.questions import by_name, by_number
from gateway.platform.search.ranking import WHOLE, Asked, Verdict

MOST_CANDIDATES = 200
"""Ranked of one query; more of one question are told apart by another word of it."""

MOST_LED = 4_000
"""Looked at of those who have the rarest word of several."""

MATCHED = ("order", "number", "phone", "email", "name")
"""By what one is found, in the order in which it is told."""

MERGES = 5
"""How often a survivor may itself have been absorbed, and be followed. A loop ends here too."""

MAX_TIME_MS = 1_000
FIELDS = ["name", "words", "kind", "contact_points", "member_no", "heard", "locale", "merged_into"]

Document = dict[str, Any]


class Searchable(Readable, Protocol):
    """The view `search`, as far as the caller reaches."""

    def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], **kwargs: Any
    ) -> CommandCursor[Document]: ...


Found = dict[str, "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A document of the view `search`, and how well it answers."""

    document: Document
    verdict: Verdict


def find(
    customers: Searchable, question: str, limit: int, ordered_by: str | None = None
) -> list[Hit]:
    """At most `limit` hits, the best first, equal ones by id.

    `ordered_by` is the customer whose order has the question for its number.
    """
    asked = Asked(question)
    hits: Found = {}
    for document in _with_number(customers, question):
        _add(hits, Hit(document, asked.by_number(document)))
    for document in _with_name(customers, question):
        _add(hits, Hit(document, asked.by_name(document)))
    if ordered_by is not None:
        for document in _read(customers, {"_id": ordered_by}):
            _add(hits, Hit(document, Verdict(WHOLE, ("order",))))
    ranked = sorted(
        survivors(customers, hits).values(),
        key=lambda hit: (-hit.verdict.score, hit.document["_id"]),
    )
    return ranked[:limit]


def _with_number(customers: Searchable, question: str) -> Iterable[Document]:
    filter = by_number(question)
    return _read(customers, filter) if filter else ()


def _with_name(customers: Searchable, question: str) -> Iterable[Document]:
    """The rarest word leads, and the others sort out what it brings, within the server.

    The bound between them also keeps the server from letting a common word lead.
    """
    words = by_name(question)
    if not words:
        return ()
    first, *others = words
    narrowed: list[Mapping[str, Any]] = (
        [{"$limit": MOST_LED}, {"$match": {"$and": others}}] if others else []
    )
    shown = {"$project": dict.fromkeys(FIELDS, 1)}
    return customers.aggregate(
        [{"$match": first}, *narrowed, {"$limit": MOST_CANDIDATES}, shown],
        batchSize=MOST_CANDIDATES + 1,
        maxTimeMS=MAX_TIME_MS,
    )


def survivors(customers: Searchable, hits: Found) -> Found:
    """The hits with whoever was absorbed replaced by who survived, found by the same.

    `merged_into` in a document names the survivor. A survivor that the caller does not reach is
    not found, and neither is the absorbed one.
    """
    for _ in range(MERGES):
        absorbed = [hit for hit in hits.values() if "merged_into" in hit.document]
        if not absorbed:
            return hits
        wanted = sorted({hit.document["merged_into"] for hit in absorbed})
        known = {one["_id"]: one for one in _read(customers, {"_id": {"$in": wanted}})}
        hits = {id: hit for id, hit in hits.items() if "merged_into" not in hit.document}
        for hit in absorbed:
            survivor = known.get(hit.document["merged_into"])
            if survivor is not None:
                _add(hits, Hit(survivor, hit.verdict))
    return {id: hit for id, hit in hits.items() if "merged_into" not in hit.document}


def _add(hits: Found, more: Hit) -> None:
    """One customer is one hit: the better score, and all that it was found by."""
    if not more.verdict.matched:
        return  # only shares a key
    id = more.document["_id"]
    verdicts = [*([hits[id].verdict] if id in hits else []), more.verdict]
    matched = {kind for one in verdicts for kind in one.matched}
    best = max(one.score for one in verdicts)
    hits[id] = Hit(more.document, Verdict(best, tuple(one for one in MATCHED if one in matched)))


def _read(customers: Searchable, filter: Mapping[str, Any]) -> Iterable[Document]:
    return customers.find(
        filter, FIELDS, limit=MOST_CANDIDATES, max_time_ms=MAX_TIME_MS
    ).batch_size(MOST_CANDIDATES + 1)
