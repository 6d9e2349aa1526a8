"""One transaction of a projection on MongoDB: what `Unit` promises, by one command each."""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import bson
from bson.errors import BSONError
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from events.envelope import Event, decode, encode
from events.errors import Fenced
from events.log.port import Partition
from events.mongodb import CODEC, Db
from events.projection import timeline
from events.projection.unit import Move, Unwritable
from events.projection.view import Document, View
from events.types import utc_now

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""The server's."""


class Storage(Protocol):
    """What a unit needs of `MongoProjection`."""

    db: Db
    may_be_parked: bool

    def collection(self, name: str) -> Collection[Document]: ...

    def checkpoint_id(self, partition: Partition) -> str: ...


class MongoUnit:
    """One transaction's view of the storage."""

    def __init__(self, storage: Storage, session: ClientSession) -> None:
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
        if not events:
            return
        entries = [timeline.entry_of(event) for event in events]
        with self._writable(entries):
            self._collection(timeline.NAME).insert_many(
                entries, ordered=False, session=self._session
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
            with self._writable(documents):
                self._collection(view.name).bulk_write(acts, ordered=False, session=self._session)

    def check(self, document: Document) -> None:
        try:
            size = len(bson.encode(document, codec_options=CODEC))
        except (BSONError, ValueError, ArithmeticError, TypeError) as error:
            raise Unwritable(document["_id"], error) from error
        if size > MAX_DOCUMENT_BYTES:
            raise Unwritable(document["_id"], ValueError(f"{size} bytes"))

    @contextmanager
    def _writable(self, documents: Sequence[Document]) -> Iterator[None]:
        """The driver does not say which document it could not encode."""
        try:
            yield
        except (BSONError, ValueError, ArithmeticError, TypeError):
            for document in documents:
                self.check(document)
            raise

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
        entry = {**timeline.entry_of(event), "skipped": reason}
        try:
            self.check(entry)
        except Unwritable:
            del entry["data"]
        self._collection(timeline.NAME).insert_one(entry, session=self._session)
        self._storage.db["skips"].update_one(
            {"_id": event.entry}, {"$set": {"reason": reason}}, upsert=True, session=self._session
        )

    def _ids(self, name: str, entries: Sequence[str]) -> set[str]:
        found = self._collection(name).find(
            {"_id": {"$in": list(entries)}}, {"_id": 1}, session=self._session
        )
        return {one["_id"] for one in found}

    def _collection(self, name: str) -> Collection[Document]:
        return self._storage.collection(name)
