"""A projection's storage on MongoDB: collections with the version in their name.

    timeline_v3, <view>_v3 …      what is read
    checkpoints                   {_id: "v3/crm.sales.events/0", next_offset, topic_id}
    parked_v3                     {_id: entry, stream, version, value}
    parked_streams_v3             {_id: stream, version, reason, waiting, at}

Everything is made before it is used: a transaction must not create collections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Some
from typing import Any, TypeVar

from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from events.envelope import Event, decode, encode
from events.errors import Corrupt, Fenced, Transient
from events.log.port import Partition
from events.mongodb import MAJORITY, Db, ensure_collections, is_transient
from events.projection import timeline
from events.projection.unit import Move, ParkedStream, Unit
from events.projection.view import Document, View
from events.types import utc_now

R = TypeVar("R")


class MongoProjection:
    """See `ProjectionStorage`. One instance per projector."""

    def __init__(self, db: Db, version: int, views: Sequence[View]) -> None:
        self.db = db
        self.version = version
        self.views = tuple(views)
        self.may_be_parked = True
        """Whether streams of the partitions that `positions` told may be parked.

        Only the owner of a partition parks its streams, and moves the checkpoint as it does. So
        what was not parked after the checkpoints were read, is not until this owner parks it, or
        is fenced.
        """
        self._collections: dict[str, Collection[Document]] = {}

    def prepare(self) -> None:
        """Makes the collections and indexes of this version, or verifies those that exist."""
        ensure_collections(self.db, [*self.collection_names(), "checkpoints"])
        self.collection(timeline.NAME).create_indexes(list(timeline.INDEXES))
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


class MongoUnit:
    """One transaction's view of the storage."""

    def __init__(self, storage: MongoProjection, session: ClientSession) -> None:
        self._storage = storage
        self._session = session
        self._absent: dict[str, Some[str]] = {}
        """By view, the documents that were asked for in vain: an insert is cheaper."""

    def advance(self, moves: Sequence[Move]) -> None:
        requests: list[Any] = [
            UpdateOne(
                {"_id": self._storage.checkpoint_id(move.partition), "next_offset": move.before},
                {"$set": {"next_offset": move.after}},
            )
            for move in moves
        ]
        result = self._storage.db["checkpoints"].bulk_write(requests, session=self._session)
        if result.matched_count != len(moves):
            raise Fenced("a checkpoint was moved by somebody else")

    def present(self, entries: Sequence[str]) -> Some[str]:
        return self._ids(timeline.NAME, entries)

    def event_ids(self, entries: Sequence[str]) -> Mapping[str, str]:
        found = self._collection(timeline.NAME).find(
            {"_id": {"$in": list(entries)}}, {"event_id": 1}, session=self._session
        )
        return {one["_id"]: one["event_id"] for one in found}

    def parked(self, entries: Sequence[str]) -> Some[str]:
        return self._ids("parked", entries) if self._storage.may_be_parked else ()

    def documents(self, view: View, keys: Some[str]) -> Mapping[str, Document]:
        if not keys:
            return {}
        found = self._collection(view.name).find(
            {"_id": {"$in": list(keys)}}, session=self._session
        )
        known = {one["_id"]: one for one in found}
        self._absent[view.name] = set(keys) - known.keys()
        return known

    def insert_entries(self, events: Sequence[Event]) -> None:
        if events:
            self._collection(timeline.NAME).insert_many(
                [timeline.entry_of(event) for event in events],
                ordered=False,
                session=self._session,
            )

    def write(self, view: View, documents: Sequence[Document]) -> None:
        if documents:
            absent = self._absent.get(view.name, ())
            acts: list[InsertOne[Document] | ReplaceOne[Document]] = [
                InsertOne(one)
                if one["_id"] in absent
                else ReplaceOne({"_id": one["_id"]}, one, upsert=True)
                for one in documents
            ]
            self._collection(view.name).bulk_write(acts, ordered=False, session=self._session)

    def park(self, events: Sequence[Event], reasons: Mapping[str, str]) -> None:
        if not events:
            return
        self._storage.may_be_parked = True
        waiting: list[Any] = [
            InsertOne(
                {
                    "_id": event.entry,
                    "stream": event.stream,
                    "version": event.version,
                    "value": encode(event),
                }
            )
            for event in events
        ]
        heads: list[Any] = [
            UpdateOne(
                {"_id": event.stream},
                {
                    "$inc": {"waiting": 1},
                    "$setOnInsert": {
                        "version": event.version,
                        "reason": reasons.get(event.stream, ""),
                        "at": utc_now(),
                    },
                },
                upsert=True,
            )
            for event in events
        ]
        self._collection("parked").bulk_write(waiting, session=self._session)
        self._collection("parked_streams").bulk_write(heads, session=self._session)

    def parked_events(self, stream: str) -> Sequence[Event]:
        self._collection("parked_streams").update_one(
            {"_id": stream}, {"$set": {"retried_at": utc_now()}}, session=self._session
        )
        found = self._collection("parked").find({"stream": stream}, session=self._session)
        return [decode(one["value"]) for one in found.sort("version", 1)]

    def unpark(self, stream: str, events: Iterable[Event], reason: str = "") -> None:
        gone = [event.entry for event in events]
        parked, heads = self._collection("parked"), self._collection("parked_streams")
        parked.delete_many({"_id": {"$in": gone}}, session=self._session)
        left = parked.find({"stream": stream}, session=self._session).sort("version", 1).limit(1)
        first = next(iter(left), None)
        if first is None:
            heads.delete_one({"_id": stream}, session=self._session)
            return
        heads.update_one(
            {"_id": stream},
            {
                "$set": {"version": first["version"], **({"reason": reason} if reason else {})},
                "$inc": {"waiting": -len(gone)},
            },
            session=self._session,
        )

    def skip(self, event: Event, reason: str) -> None:
        self._collection(timeline.NAME).insert_one(
            {**timeline.entry_of(event), "skipped": reason}, session=self._session
        )

    def _ids(self, name: str, entries: Sequence[str]) -> set[str]:
        found = self._collection(name).find(
            {"_id": {"$in": list(entries)}}, {"_id": 1}, session=self._session
        )
        return {one["_id"] for one in found}

    def _collection(self, name: str) -> Collection[Document]:
        return self._storage.collection(name)
