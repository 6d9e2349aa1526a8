"""Which version of a projection is live: one document, changed by compare-and-set.

    {_id: "projection", revision: 7, live: 2, standby: 1, building: 3,
     views: {"1": ["orders", …], "2": […], "3": […]}}

`live` is what everybody reads, `standby` is kept up to date for going back, `building` is being
made by a rebuild. A version has the views that were declared when it was begun, and no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pymongo.errors import DuplicateKeyError

from events.errors import Conflict, RuleBroken, Transient
from events.mongodb import Db

_ID = "projection"


@dataclass(frozen=True, slots=True)
class Versions:
    """The pointer document."""

    revision: int
    live: int
    standby: int | None
    building: int | None
    views: Mapping[int, Sequence[str]]

    def running(self) -> list[int]:
        """What a worker keeps up to date; a building version belongs to its rebuild."""
        return [self.live] if self.standby is None else [self.live, self.standby]


class VersionBook:
    """Reads and moves the pointer of one service."""

    def __init__(self, db: Db) -> None:
        self._pointers = db["projections"]

    def open(self, views: Sequence[str]) -> Versions:
        """The pointer; made with version 1 live when the service is new."""
        first = {"revision": 1, "live": 1, "standby": None, "building": None}
        try:
            self._pointers.update_one(
                {"_id": _ID}, {"$setOnInsert": {**first, "views": {"1": list(views)}}}, upsert=True
            )
        except DuplicateKeyError:
            """Another process of this service was faster."""
        return self.read()

    def read(self) -> Versions:
        found = self._pointers.find_one({"_id": _ID})
        if found is None:
            raise Transient("the service has not been started yet")
        return Versions(
            revision=found["revision"],
            live=found["live"],
            standby=found["standby"],
            building=found["building"],
            views={int(version): names for version, names in found["views"].items()},
        )

    def begin(self, views: Sequence[str]) -> Versions:
        """A new version to build. Raises `RuleBroken` while another one is being built."""
        now = self.read()
        if now.building is not None:
            raise RuleBroken("rebuild-running", f"version {now.building} is being built")
        version = max(now.views) + 1
        return self._move(
            now, replace(now, building=version, views={**now.views, version: list(views)})
        )

    def abandon(self) -> Versions:
        """Forgets the version that was being built."""
        now = self.read()
        left = {version: names for version, names in now.views.items() if version != now.building}
        return self._move(now, replace(now, building=None, views=left))

    def swap(self) -> Versions:
        """The built version becomes live; the live one stays for going back."""
        now = self.read()
        if now.building is None:
            raise RuleBroken("nothing-built", "no version has been built")
        return self._move(now, replace(now, live=now.building, standby=now.live, building=None))

    def rollback(self) -> Versions:
        """The standby and the live version change places."""
        now = self.read()
        if now.standby is None:
            raise RuleBroken("no-standby", "there is no version to go back to")
        return self._move(now, replace(now, live=now.standby, standby=now.live))

    def forget(self, version: int) -> Versions:
        """Removes a version that is neither live, standby nor building from the book."""
        now = self.read()
        if version in (now.live, now.standby, now.building):
            raise RuleBroken("version-in-use", f"version {version} is in use")
        left = {number: names for number, names in now.views.items() if number != version}
        return self._move(now, replace(now, views=left))

    def _move(self, before: Versions, after: Versions) -> Versions:
        result = self._pointers.update_one(
            {"_id": _ID, "revision": before.revision},
            {
                "$set": {
                    "revision": before.revision + 1,
                    "live": after.live,
                    "standby": after.standby,
                    "building": after.building,
                    "views": {str(version): list(names) for version, names in after.views.items()},
                }
            },
        )
        if result.matched_count != 1:
            raise Conflict("the pointer was moved by somebody else")
        return replace(after, revision=before.revision + 1)
