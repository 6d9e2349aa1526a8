"""What a request may read: the views, with the reach of its right laid over every query.

A route gets its collections here and nowhere else, so a query without a scope cannot be written:
the filter is and-ed to whatever is asked, before anything is sorted, counted or cut. Documents
without a place are reached by `all` alone. Two ways lead past it, both named: a view that is
`open` by its declaration, and `unscoped(reason)` for what a service asks on its own behalf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from pymongo.collection import Collection
from pymongo.command_cursor import CommandCursor
from pymongo.cursor import Cursor

Document = dict[str, Any]
Documents = Collection[Document]


class Reading(Protocol):
    """What the engine's reader offers (events/projection/reader.py)."""

    @property
    def timeline(self) -> Documents: ...

    def collection(self, name: str, /) -> Documents: ...


class Scoped:
    """A collection of which only what is in reach exists. Reads only."""

    def __init__(self, documents: Documents, within: Mapping[str, Any]) -> None:
        self._documents = documents
        self._within = within

    @property
    def name(self) -> str:
        return self._documents.name

    def find(
        self, filter: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> Cursor[Document]:
        return self._documents.find(self._both(filter), *args, **kwargs)

    def find_one(
        self, filter: Mapping[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> Document | None:
        return self._documents.find_one(self._both(filter), *args, **kwargs)

    def count_documents(self, filter: Mapping[str, Any], **kwargs: Any) -> int:
        return self._documents.count_documents(self._both(filter), **kwargs)

    def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], **kwargs: Any
    ) -> CommandCursor[Document]:
        """Raises ValueError for a stage that reads another collection, past the scope."""
        for stage in pipeline:
            if any(name in _ELSEWHERE for name in stage):
                raise ValueError(f"{next(iter(stage))} would read past the caller's reach")
        first = [{"$match": dict(self._within)}] if self._within else []
        return self._documents.aggregate([*first, *pipeline], **kwargs)

    def _both(self, filter: Mapping[str, Any] | None) -> Mapping[str, Any]:
        if not self._within:
            return filter or {}
        return {"$and": [filter, self._within]} if filter else self._within


_ELSEWHERE = frozenset(
    {"$lookup", "$graphLookup", "$unionWith", "$facet", "$out", "$merge", "$collStats"}
)


class ScopedViews:
    """A service's views for one request."""

    def __init__(self, views: Reading, within: Mapping[str, Any], open: frozenset[str]) -> None:
        self._views = views
        self._within = within
        self._open = open

    @property
    def timeline(self) -> Scoped:
        return Scoped(self._views.timeline, self._within)

    def collection(self, name: str) -> Scoped:
        within = {} if name in self._open else self._within
        return Scoped(self._views.collection(name), within)

    def unscoped(self, reason: str) -> Reading:
        """The whole views, for a reason that stands where it is asked. tests/contract/
        test_rights.py lists every such place."""
        assert reason, "say why"
        return self._views

    @contextmanager
    def one_version(self) -> Iterator[None]:
        with self._views.one_version():  # type: ignore[attr-defined]
            yield
