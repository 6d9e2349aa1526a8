"""What the services have stored, read past them: to tell whether two states are the same.

The layout is that of design.md: `commits` in each database, views of version n in collections
`<view>_v<n>`, the pointer in `projections`.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection

from deploy.local.endpoints import SERVICES
from events.config import CONTEXTS
from tests.acceptance.api import eventually
from tests.acceptance.system import System

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
REACTING = ("sales", "service", "analytics")
TIMELINE = "timeline"

Hashes = dict[str, str]
"""Of documents, by `_id`."""


class Stores:
    """The databases of one system."""

    def __init__(self, system: System) -> None:
        self._client: MongoClient[dict[str, Any]] = system.mongodb
        self._system = system

    def collection(self, context: str, name: str) -> Collection[dict[str, Any]]:
        return self._client[self._system.config.database(context)][name]

    def versions(self, service: str) -> dict[str, Any]:
        """The pointer: `live`, `standby`, `building`, `views` by version."""
        found = self.collection(service, "projections").find_one({"_id": "projection"})
        assert found, f"{service} has no projection"
        return found

    def commits(self, context: str) -> Hashes:
        """Of everything that was ever decided, byte for byte."""
        return _hashes(self.collection(context, "commits"))

    def views(self, service: str, version: int | None = None) -> Mapping[str, Hashes]:
        """Every view of a version (default: the live one), the timeline among them."""
        pointer = self.versions(service)
        number = version or pointer["live"]
        return {
            name: _meanings(self.collection(service, f"{name}_v{number}"))
            for name in [TIMELINE, *pointer["views"][str(number)]]
        }

    def events(self) -> int:
        """How many events all stores together hold."""
        count = [{"$group": {"_id": None, "n": {"$sum": {"$size": "$events"}}}}]
        return sum(
            one["n"]
            for context in CONTEXTS
            for one in self.collection(context, "commits").aggregate(count)
        )

    def settle(self) -> None:
        """Returns when everything stored is published, projected and reacted to everywhere."""
        eventually(self._settled, 60)

    def _settled(self) -> bool:
        """Nothing is left to do if nothing was published while we looked."""
        ends = self._system.topics.ends()
        for service in REACTING:
            self._check_reacted(service, ends)
        events = self.events()
        assert {one: self._shown(one) for one in SERVICES} == dict.fromkeys(SERVICES, events)
        return self._system.topics.ends() == ends

    def _check_reacted(self, service: str, ends: Mapping[str, int]) -> None:
        found = self.collection(service, "reaction_checkpoints").find()
        positions = {one["_id"]: one["next_offset"] for one in found}
        assert positions == ends, f"{service} has still to react"
        waiting = list(self.collection(service, "reactions_waiting").find())
        assert not waiting, f"{service} cannot react"

    def _shown(self, service: str) -> int:
        live = self.versions(service)["live"]
        return self.collection(service, f"{TIMELINE}_v{live}").count_documents({})


def _meanings(collection: Collection[dict[str, Any]]) -> Hashes:
    """The order of fields means nothing: it is that in which topics happened to be read."""
    return {
        str(one["_id"]): sha256(json_util.dumps(one, sort_keys=True).encode()).hexdigest()
        for one in collection.find()
    }


def _hashes(collection: Collection[dict[str, Any]]) -> Hashes:
    """Of the very bytes."""
    raw = collection.with_options(codec_options=RAW)
    return {str(one["_id"]): sha256(one.raw).hexdigest() for one in raw.find()}
