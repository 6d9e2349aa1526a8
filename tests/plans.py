"""How MongoDB would answer a list: by an index alone, for every filter and sort there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from pymongo.collection import Collection

from events.http.paging import Sort, after_keys


def questions(
    filters: Mapping[str, Any], sorts: Mapping[str, str]
) -> Iterator[tuple[dict[str, Any], Sort]]:
    """Every set of filters with every sort in both directions; `filters` has a value for each."""
    for size in range(len(filters) + 1):
        for names in combinations(filters, size):
            for word in sorts:
                for sign in ("", "-"):
                    yield {name: filters[name] for name in names}, Sort.parse(sign + word, sorts)


def stages(
    collection: Collection[dict[str, Any]],
    filter: Mapping[str, Any],
    sort: Sort,
    after: Sequence[Any] | None = None,
) -> set[str]:
    """The stages of the winning plan for the first page, or for the one after those values."""
    query: Mapping[str, Any] = filter
    if after is not None:
        query = {"$and": [filter, after_keys(sort, after)]} if filter else after_keys(sort, after)
    told = collection.find(query).sort(list(sort.keys)).limit(51).explain()
    return set(_named(told["queryPlanner"]["winningPlan"]))


def _named(plan: Any) -> Iterator[str]:
    if isinstance(plan, Mapping):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for inner in plan.values():
            yield from _named(inner)
    elif isinstance(plan, list):
        for inner in plan:
            yield from _named(inner)


def by_index_alone(found: set[str]) -> bool:
    return "IXSCAN" in found and not found & {"SORT", "COLLSCAN"}
