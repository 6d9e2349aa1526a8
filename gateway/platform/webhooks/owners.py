"""Whose rights a subscription has: its owner's, as the directory knows them at that moment."""

from __future__ import annotations

import orjson

from events.access.caller import Caller, Reach
from events.envelope import Event, encode
from events.errors import Transient
from events.http.masking import PERSONAL
from gateway.directory import Directory
from gateway.platform.feed.showing import masked
from gateway.platform.webhooks.courier import Permit

READ = "event.read"
REMEMBERED = 10_000


class Seen:
    """What one owner sees of events: those in reach, and what is personal only if he may."""

    def __init__(self, reach: Reach, *, personal: bool) -> None:
        self._reach = reach
        self._personal = personal

    def body(self, event: Event) -> bytes | None:
        if not self._reach.covers(event.scope):
            return None
        return encode(event) if self._personal else orjson.dumps(masked(event))


def permit_of(caller: Caller) -> Permit | None:
    reach = caller.reach(READ)
    return None if reach is None else Seen(reach, personal=caller.may(PERSONAL))


class DirectoryOwners:
    """Thread-safe."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[tuple[str, int], Permit | None] = {}

    def permit(self, owner: str) -> Permit | None:
        if not self._directory.fresh:
            raise Transient("the directory has not been read for too long to say who may see what")
        snapshot = self._directory.snapshot
        key = (owner, snapshot.version)
        if key not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            user = snapshot.people.users.get(owner)
            active = user if user is not None and user.active else None
            self._known[key] = permit_of(snapshot.people.caller(active)) if active else None
        return self._known[key]
