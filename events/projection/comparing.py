"""Whether two versions of a projection say the same, while both go on being written.

Collections are walked side by side in `_id` order. A document that differs may just not have been
written on one side yet, so suspects are looked at again: by who can bring both versions to one
place exactly (aligning.py), else repeatedly, until both have had time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from events.projection.mongo import MongoProjection

RECHECKS = 20
RECHECK_SECONDS = 0.5
MOST_REPORTED = 20
MOST_AT_ONCE = 500
"""Suspects that are looked at together."""

Verdicts = Callable[[str, Sequence[str]], Mapping[str, str]]
"""What is different about those documents of a collection that really differ, by id."""

Documents = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A document that one version lacks or holds otherwise."""

    collection: str
    id: str
    what: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`documents` by collection are those that were compared."""

    documents: Mapping[str, int]
    differences: Sequence[Difference]

    @property
    def equal(self) -> bool:
        return not self.differences


def compare(
    one: MongoProjection, other: MongoProjection, verdicts: Verdicts | None = None
) -> Comparison:
    """All collections that both versions have; at most `MOST_REPORTED` differences each.

    `verdicts` looks at suspects again; by default until both versions had time to catch up.
    """
    shared = [name for name in one.read_names() if name in other.read_names()]
    counts: dict[str, int] = {}
    found: list[Difference] = []
    for name in shared:
        suspects: list[str] = []
        counts[name] = 0
        for _id, same in _side_by_side(_walk(one, name), _walk(other, name)):
            counts[name] += 1
            if not same:
                suspects.append(_id)
        found.extend(_differences(name, suspects, verdicts or partial(lasting, one, other)))
    return Comparison(counts, found)


def _differences(name: str, suspects: Sequence[str], verdicts: Verdicts) -> list[Difference]:
    """All suspects are looked at, until enough of them are guilty: most were just in motion."""
    found: list[Difference] = []
    for start in range(0, len(suspects), MOST_AT_ONCE):
        told = verdicts(name, suspects[start : start + MOST_AT_ONCE])
        found.extend(Difference(name, _id, what) for _id, what in told.items())
        if len(found) >= MOST_REPORTED:
            break
    return found[:MOST_REPORTED]


def _walk(version: MongoProjection, name: str) -> Iterator[Mapping[str, Any]]:
    return iter(version.db[version.name_of(name)].find({}, batch_size=2000).sort("_id", 1))


def _side_by_side(
    left: Iterator[Mapping[str, Any]], right: Iterator[Mapping[str, Any]]
) -> Iterable[tuple[str, bool]]:
    """Every id of either side, with whether both hold the same document."""
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one["_id"] < other["_id"]):
            yield (one or {})["_id"], False
            one = next(left, None)
        elif one is None or other["_id"] < one["_id"]:
            yield other["_id"], False
            other = next(right, None)
        else:
            yield one["_id"], one == other
            one, other = next(left, None), next(right, None)


def lasting(
    one: MongoProjection, other: MongoProjection, name: str, suspects: Sequence[str]
) -> Mapping[str, str]:
    """What still differs after both versions had time to catch up."""
    told: Mapping[str, str] = {}
    left = list(suspects)
    for _ in range(RECHECKS):
        told = differing(one.documents_of(name, left), other.documents_of(name, left))
        left = list(told)
        if not left:
            break
        time.sleep(RECHECK_SECONDS)
    return told


def differing(one: Documents, other: Documents) -> Mapping[str, str]:
    """What differs, by id, in the order of the ids."""
    told = ((_id, _told(one.get(_id), other.get(_id))) for _id in sorted({*one, *other}))
    return {_id: what for _id, what in told if what}


def _told(a: Mapping[str, Any] | None, b: Mapping[str, Any] | None) -> str:
    """Nothing when they are the same; the order of fields means nothing."""
    if a == b:
        return ""
    if a is None or b is None:
        return f"only in the {'second' if a is None else 'first'} version"
    fields = sorted(key for key in a.keys() | b.keys() if a.get(key) != b.get(key))
    return f"differs in {', '.join(fields)}"
