"""Whether two versions of a projection say the same, while both go on being written.

Collections are walked side by side in `_id` order. A document that differs may just not have been
written on one side yet, so differences are looked at again: what stays different, differs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.projection.mongo import MongoProjection

RECHECKS = 20
RECHECK_SECONDS = 0.5
MOST_REPORTED = 20


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


def compare(one: MongoProjection, other: MongoProjection) -> Comparison:
    """All collections that both versions have; at most `MOST_REPORTED` differences each."""
    shared = [name for name in one.read_names() if name in other.read_names()]
    counts: dict[str, int] = {}
    found: list[Difference] = []
    for name in shared:
        suspects: list[str] = []
        counts[name] = 0
        for _id, same in _side_by_side(_walk(one, name), _walk(other, name)):
            counts[name] += 1
            if not same and len(suspects) < MOST_REPORTED:
                suspects.append(_id)
        found.extend(_lasting(one, other, name, suspects))
    return Comparison(counts, found)


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


def _lasting(
    one: MongoProjection, other: MongoProjection, name: str, suspects: Sequence[str]
) -> list[Difference]:
    """The suspects that still differ after both versions had time to catch up."""
    left = list(suspects)
    verdicts: dict[str, str] = {}
    for _ in range(RECHECKS):
        verdicts = {_id: what for _id in left for what in [_verdict(one, other, name, _id)] if what}
        left = list(verdicts)
        if not left:
            break
        time.sleep(RECHECK_SECONDS)
    return [Difference(name, _id, what) for _id, what in verdicts.items()]


def _verdict(one: MongoProjection, other: MongoProjection, name: str, _id: str) -> str | None:
    a = one.db[one.name_of(name)].find_one({"_id": _id})
    b = other.db[other.name_of(name)].find_one({"_id": _id})
    if a == b:
        return None
    if a is None or b is None:
        return f"only in version {other.version if a is None else one.version}"
    fields = sorted(key for key in a.keys() | b.keys() if a.get(key) != b.get(key))
    return f"differs in {', '.join(fields)}"
