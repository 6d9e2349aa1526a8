"""Customers in memory, looked up by the filters that search asks MongoDB with.

It knows keys, ranges of keys and ids, and gives documents out as the index does: by their first
key that fits. The same questions are asked of a real MongoDB in tests/integration/platform.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

from bson.regex import Regex

from gateway.platform.search.keys import customer_keys
from gateway.platform.search.ranking import points_of
from gateway.platform.search.words import words

Document = dict[str, Any]


def customer(id: str, name: str | None = None, **more: Any) -> Document:
    """A document of the view `search`, with its keys."""
    document = {"_id": id, **({"name": name} if name else {}), **more}
    keys = customer_keys(name, points_of(document), more.get("member_no"), None)
    return {**document, "words": words(name or ""), "keys": keys}


class Answer(list[Document]):
    def batch_size(self, _: int) -> Answer:
        return self


class Shelf:
    """Reads as a collection does."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = {one["_id"]: one for one in documents}
        self._by_key: dict[str, list[str]] = defaultdict(list)
        for one in self._documents.values():
            for key in one["keys"]:
                self._by_key[key].append(one["_id"])
        self._sorted = sorted(self._by_key)

    def find(self, filter: Mapping[str, Any], *_: Any, limit: int, max_time_ms: int) -> Answer:
        return Answer(self._documents[id] for id in self._ids(filter)[:limit])

    def aggregate(self, pipeline: Sequence[Mapping[str, Any]], **_: Any) -> Answer:
        ids = list(self._documents)
        for stage in pipeline:
            if "$match" in stage:
                fit = self._ids(stage["$match"])
                known = set(ids)
                ids = [id for id in fit if id in known]
            ids = ids[: stage.get("$limit", len(ids))]
        return Answer(self._documents[id] for id in ids)

    def find_one(self, filter: Mapping[str, Any], *_: Any, **__: Any) -> Document | None:
        raise NotImplementedError

    def _ids(self, filter: Mapping[str, Any]) -> list[str]:
        ((name, wanted),) = filter.items()
        if name == "$and":
            first, *others = [self._ids(one) for one in wanted]
            sets = [set(other) for other in others]
            return [id for id in first if all(id in other for other in sets)]
        if name == "$or":
            return _once(id for one in wanted for id in self._ids(one))
        if name == "_id":
            asked = wanted["$in"] if isinstance(wanted, dict) else [wanted]
            return [id for id in asked if id in self._documents]
        if "$all" in wanted:
            return self._ids({"$and": [{"keys": {"$in": [one]}} for one in wanted["$all"]]})
        return _once(id for one in wanted["$in"] for id in self._with(one))

    def _with(self, key: str | Regex[str]) -> list[str]:
        if isinstance(key, str):
            return self._by_key.get(key, [])
        begun = re.sub(r"\\(.)", r"\1", key.pattern.removeprefix("^"))
        first = bisect_left(self._sorted, begun)
        fitting = takewhile(lambda one: one.startswith(begun), islice(self._sorted, first, None))
        return [id for one in fitting for id in self._by_key[one]]


def _once(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))
