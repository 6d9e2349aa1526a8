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


def faults(
    collection: Collection[dict[str, Any]],
    filter: Mapping[str, Any],
    sort: Sort,
    after: Sequence[Any] | None = None,
) -> list[str]:
    """What is wrong with the plan for the first page, or for the one after those values.

    Nothing is read but by an index, nothing is sorted in memory, and an index that a filter could
    narrow begins with a filter.
    """
    query: Mapping[str, Any] = filter
    if after is not None:
        query = {"$and": [filter, after_keys(sort, after)]} if filter else after_keys(sort, after)
    told = collection.find(query).sort(list(sort.keys)).limit(51).explain()
    stages = list(_stages(told["queryPlanner"]["winningPlan"]))
    names = {stage["stage"] for stage in stages}
    found = sorted(names & {"SORT", "COLLSCAN"})
    if "IXSCAN" not in names:
        found.append("no index")
    walked = [next(iter(one["keyPattern"])) for one in stages if one["stage"] == "IXSCAN"]
    found += [f"walks {name}" for name in walked if filter and name not in filter]
    return found


def _stages(plan: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(plan, Mapping):
        if isinstance(plan.get("stage"), str):
            yield plan
        for inner in plan.values():
            yield from _stages(inner)
    elif isinstance(plan, list):
        for inner in plan:
            yield from _stages(inner)
