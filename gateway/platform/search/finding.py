"""From a question to hits: candidates from the index, ranked in memory.

Every query filters by keys, so a caller's reach is and-ed to it before anything is cut off: who
is hidden takes nobody's place. How many are looked at is bounded, whatever is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from events.mongodb import Readable
from gateway.platform.search.questions import by_name, by_number
from gateway.platform.search.ranking import WHOLE, Asked, Verdict

MOST_CANDIDATES = 300
"""Of one query; more of one question are told apart by another word of it."""

MERGES = 5
"""How often a survivor may itself have been absorbed, and be followed. A loop ends here too."""

MAX_TIME_MS = 1_000
FIELDS = ["name", "kind", "contact_points", "member_no", "heard", "locale", "merged_into"]

Document = dict[str, Any]
Found = dict[str, "Hit"]


@dataclass(frozen=True, slots=True)
class Hit:
    """`matched` says by what: order, number, phone, email, name; what it was found by first."""

    document: Document
    verdict: Verdict


def find(
    customers: Readable, question: str, limit: int, ordered_by: str | None = None
) -> list[Hit]:
    """At most `limit` hits, the best first, equal ones by id.

    `ordered_by` is the customer whose order has the question for its number.
    """
    asked = Asked(question)
    hits: Found = {}
    for filter in (by_number(question), by_name(question)):
        for document in _read(customers, filter) if filter else ():
            verdict = asked.judge(document)
            if verdict.matched:
                hits[document["_id"]] = Hit(document, verdict)
    if ordered_by is not None:
        for document in _read(customers, {"_id": ordered_by}):
            _add(hits, Hit(document, Verdict(WHOLE, ("order",))))
    ranked = sorted(
        survivors(customers, hits).values(),
        key=lambda hit: (-hit.verdict.score, hit.document["_id"]),
    )
    return ranked[:limit]


def survivors(customers: Readable, hits: Found) -> Found:
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
    id = more.document["_id"]
    verdicts = [more.verdict, *([hits[id].verdict] if id in hits else [])]
    matched = dict.fromkeys(kind for one in verdicts for kind in one.matched)
    hits[id] = Hit(more.document, Verdict(max(one.score for one in verdicts), tuple(matched)))


def _read(customers: Readable, filter: Mapping[str, Any]) -> Iterable[Document]:
    return customers.find(
        filter, FIELDS, limit=MOST_CANDIDATES, max_time_ms=MAX_TIME_MS
    ).batch_size(MOST_CANDIDATES + 1)
