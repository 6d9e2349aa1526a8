"""How MongoDB answered the requests of a list, by its own profiler: every combination of filters
and sorts that callers may ask for, as the API really asks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain, combinations
from typing import Any

from tests.house import House

Asked = dict[str, Any]


def check_lists(
    house: House, path: str, view: str, filters: Mapping[str, str], sorts: Collection[str]
) -> None:
    """No request reads the whole collection or sorts in memory, on the first page or the next.

    With one filter at most it reads no document that it doesn't return. `filters` gives a value
    for each that occurs in the view at least twice, all of them together too.
    """
    for asked in _requests(filters, sorts):
        first, answer = _profiled(house, path, view, {**asked, "limit": 1})
        _is_served(first, asked)
        if len(asked) <= 2:
            assert first["docsExamined"] == first["nreturned"], f"{asked}: {first['planSummary']}"
        cursor = answer["next_cursor"]
        assert cursor, f"{asked}: the test's data are too few"
        following, _ = _profiled(house, path, view, {**asked, "limit": 1, "cursor": cursor})
        _is_served(following, asked)


def _requests(filters: Mapping[str, str], sorts: Collection[str]) -> Iterator[Asked]:
    """All subsets of the filters with all sorts in both directions."""
    subsets = chain.from_iterable(
        combinations(filters.items(), size) for size in range(len(filters) + 1)
    )
    for subset in subsets:
        for sort in sorts:
            yield {**dict(subset), "sort": sort}
            yield {**dict(subset), "sort": f"-{sort}"}


def _is_served(plan: Mapping[str, Any], asked: Asked) -> None:
    summary = plan["planSummary"]
    assert "IXSCAN" in summary, f"{asked}: {summary}"
    assert "COLLSCAN" not in summary, f"{asked}: {summary}"
    assert not plan.get("hasSortStage"), f"{asked} is sorted in memory: {summary}"


def _profiled(house: House, path: str, view: str, params: Asked) -> tuple[Any, Any]:
    """What the server noted about the request's query, and the answer."""
    house.db["system.profile"].drop()
    house.db.command("profile", 2)
    answer = house.get(path, **params)
    house.db.command("profile", 0)
    assert answer.status_code == 200, answer.json
    collection = house.views.collection(view).full_name
    (noted,) = house.db["system.profile"].find({"op": "query", "ns": collection})
    return noted, answer.json
