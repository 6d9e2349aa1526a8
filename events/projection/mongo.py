"""A projection's storage on MongoDB: collections with the version in their name.

    timeline_v3, <view>_v3 …      what is read
    checkpoints                   {_id: "v3/crm.sales.events/0", next_offset, topic_id}
    parked_v3                     {_id: entry, stream, version, value}
    parked_streams_v3             {_id: stream, version, reason, waiting, at}
    skips                         {_id: entry, reason}: let go by in one version, so in all

Everything is made before it is used: a transaction must not create collections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pymongo import IndexModel, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from events.errors import Corrupt, Transient
from events.log.port import Partition
from events.mongodb import MAJORITY, Db, ensure_collections, is_transient
from events.projection import timeline
from events.projection.mongo_unit import MongoUnit
from events.projection.unit import ParkedStream, Unit
from events.projection.view import Document, View

R = TypeVar("R")


class MongoProjection:
    """See `ProjectionStorage`. One instance per projector."""

    def __init__(
        self,
        db: Db,
        version: int,
        views: Sequence[View],
        timeline_indexes: Sequence[IndexModel] = (),
    ) -> None:
        """`timeline_indexes` are those that this service's timeline has more than the others'."""
        self.db = db
        self.version = version
        self.views = tuple(views)
        self.timeline_indexes = (*timeline.INDEXES, *timeline_indexes)
        self.may_be_parked = True
        """Whether streams of the partitions that `positions` told may be parked.

        Only the owner of a partition parks its streams, and moves the checkpoint as it does. So
        what was not parked after the checkpoints were read, is not until this owner parks it, or
        is fenced.
        """
        self.skips: Mapping[str, str] = {}
        self._collections: dict[str, Collection[Document]] = {}

    def prepare(self) -> None:
        """Makes the collections and indexes of this version, or verifies those that exist."""
        ensure_collections(self.db, [*self.collection_names(), "checkpoints", "skips"])
        self.collection(timeline.NAME).create_indexes(list(self.timeline_indexes))
        self.collection("parked").create_index([("stream", 1), ("version", 1)])
        for view in self.views:
            if view.indexes:
                self.collection(view.name).create_indexes(list(view.indexes))

    def drop(self) -> None:
        """Removes this version. Checkpoints go first: without them no projector that still runs
        can write, and so make a collection again that is gone.
        """
        self.db["checkpoints"].delete_many({"version": self.version})
        for name in self.collection_names():
            self.db.drop_collection(name)

    def collection_names(self) -> list[str]:
        fixed = (timeline.NAME, "parked", "parked_streams")
        return [self.name_of(name) for name in (*fixed, *(view.name for view in self.views))]

    def read_names(self) -> list[str]:
        """What an API reads: the timeline and the views."""
        return [timeline.NAME, *(view.name for view in self.views)]

    def name_of(self, name: str) -> str:
        return f"{name}_v{self.version}"

    def collection(self, name: str) -> Collection[Document]:
        """This version's collection of a view, or of the engine's own."""
        if name not in self._collections:
            self._collections[name] = self.db[self.name_of(name)]
        return self._collections[name]

    def checkpoint_id(self, partition: Partition) -> str:
        return f"v{self.version}/{partition}"

    def positions(self, ids: Mapping[Partition, str]) -> Mapping[Partition, int]:
        self._refuse_forgotten()
        checkpoints = self.db["checkpoints"]
        fresh = [
            UpdateOne(
                {"_id": self.checkpoint_id(partition)},
                {
                    "$setOnInsert": {
                        "version": self.version,
                        "next_offset": 0,
                        "topic_id": topic_id,
                    }
                },
                upsert=True,
            )
            for partition, topic_id in ids.items()
        ]
        if not fresh:
            return {}
        checkpoints.bulk_write(fresh, ordered=False)
        names = [self.checkpoint_id(partition) for partition in ids]
        found = {one["_id"]: one for one in checkpoints.find({"_id": {"$in": names}})}
        for partition, topic_id in ids.items():
            if found[self.checkpoint_id(partition)]["topic_id"] != topic_id:
                raise Corrupt(f"{partition.topic} is not the topic that was read before")
        self.may_be_parked = self.collection("parked").find_one({}, {"_id": 1}) is not None
        self.skips = {one["_id"]: one["reason"] for one in self.db["skips"].find()}
        return {at: found[self.checkpoint_id(at)]["next_offset"] for at in ids}

    def places(self, session: ClientSession | None = None) -> Mapping[Partition, int]:
        """Where this version stands, as it is stored: next offsets."""
        found = self.db["checkpoints"].find({"version": self.version}, session=session)
        prefix = f"v{self.version}/"
        return {
            Partition.parse(one["_id"].removeprefix(prefix)): one["next_offset"] for one in found
        }

    def documents_of(
        self, collection: str, ids: Sequence[str], session: ClientSession | None = None
    ) -> Mapping[str, Document]:
        """Those of the documents that are there, by id."""
        wanted = {"_id": {"$in": list(ids)}}
        found = self.collection(collection).find(wanted, session=session)
        return {one["_id"]: one for one in found}

    def _refuse_forgotten(self) -> None:
        """A version that was dropped must not be begun anew by a worker that has not heard yet."""
        forgotten = {"_id": "projection", f"views.{self.version}": {"$exists": False}}
        if self.db["projections"].find_one(forgotten, {"_id": 1}):
            raise Transient(f"version {self.version} is not kept any more")

    def run(self, work: Callable[[Unit], R]) -> R:
        try:
            with self.db.client.start_session() as session:
                return session.with_transaction(
                    lambda inner: work(MongoUnit(self, inner)),
                    read_concern=ReadConcern("snapshot"),
                    write_concern=MAJORITY,
                )
        except PyMongoError as error:
            if is_transient(error):
                raise Transient(f"not committed: {type(error).__name__}") from error
            raise

    def parked_streams(self) -> Sequence[ParkedStream]:
        return [
            ParkedStream(one["_id"], one["version"], one["reason"], one["waiting"])
            for one in self.collection("parked_streams").find().sort("_id", 1)
        ]
