"""What a web process holds for all of its requests: `app.extensions["throughline"]`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from flask import current_app, g
from pymongo.collection import Collection

from events.access.tokens import Guard
from events.commands import Commands
from events.errors import InFlight
from events.http.health import Health
from events.http.scoped import ScopedViews
from events.types import ConsistencyToken

EXTENSION = "throughline"
Documents = Collection[dict[str, Any]]


class Views(Protocol):
    """The service's read models, as `events.projection` offers them."""

    def one_version(self) -> AbstractContextManager[None]:
        """Inside, this thread reads one version of the projection, whatever is swapped."""
        ...

    @property
    def timeline(self) -> Documents:
        """One document for every event of every context."""
        ...

    def collection(self, name: str) -> Documents:
        """The live version of a view."""
        ...

    def holds(self, token: ConsistencyToken) -> bool:
        """Whether the live projection has applied that event, and so all before it."""
        ...

    def blocked(self, stream: str) -> bool:
        """Whether the stream is parked: waiting for it is of no use."""
        ...


class InFlightKeys:
    """The Idempotency-Keys being worked on in this process."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def held(self, key: str | None) -> Iterator[None]:
        """Raises `InFlight` when somebody holds the key; always lets go of it."""
        if key is None:
            yield
            return
        with self._lock:
            if key in self._keys:
                raise InFlight(key)
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


@dataclass(frozen=True)
class Runtime:
    """One per web process, made after fork.

    `guard` knows who asks; `open_views` are those whose documents have no place and are not
    bounded by anybody's reach.
    """

    name: str
    commands: Commands
    views: Views
    health: Health
    guard: Guard
    open_views: frozenset[str] = frozenset()
    in_flight: InFlightKeys = field(default_factory=InFlightKeys)


def runtime() -> Runtime:
    """The current app's runtime."""
    return cast(Runtime, current_app.extensions[EXTENSION])


NOTHING: Mapping[str, Any] = {"_id": {"$in": []}}


def views(right: str | None = None) -> ScopedViews:
    """The read models as far as the current request's right reaches; or as far as another right
    does, for what an answer shows beside its own matter. Without that right there is nothing."""
    here = runtime()
    reach = g.reach if right is None else g.caller.reach(right)
    return ScopedViews(here.views, reach.filter if reach else NOTHING, here.open_views)
