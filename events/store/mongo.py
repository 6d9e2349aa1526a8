"""The store on MongoDB: one document per commit, so an append is atomic without a transaction.

The unique `_id` (`<stream>@<first version>`) is the concurrency check; the unique `command_id`
makes a command's effect happen once. Only claims (rules across streams) need a transaction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from events.envelope import Commit
from events.errors import (
    Conflict,
    Corrupt,
    KeyReused,
    RuleBroken,
    TooLarge,
    Transient,
    VersionConflict,
)
from events.mongodb import MAX_TIME_MS, Db, Document, ensure_collections, is_transient
from events.sealing import PLAIN, Seal
from events.store.documents import from_document, to_document
from events.store.grouping import GroupCommit
from events.store.port import Appended, Receipt, check_caps, check_contiguous
from events.types import EMPTY, StreamId, Version, entry_id, utc_now

RECEIPT_TTL = timedelta(hours=48)
"""An Idempotency-Key is honoured for at least 24 hours."""

COMMIT_INDEXES = (
    IndexModel(
        [("command_id", ASCENDING)],
        name="command_id",
        unique=True,
        partialFilterExpression={"command_id": {"$type": "string"}},
    ),
    IndexModel([("recorded_at", ASCENDING)], name="recorded_at"),
)


class MongoEventStore:
    """See `EventStore`. One instance per process; safe to share between threads."""

    def __init__(self, db: Db, context: str, seal: Seal = PLAIN) -> None:
        self.db = db
        self.context = context
        self.epoch = 1
        self._seal = seal
        self._commits = db["commits"]
        self._group = GroupCommit(self._write)
        self._claims = db["reservations"]
        self._receipts = db["receipts"]

    def prepare(self) -> None:
        """Makes the collections and indexes, or verifies those that exist; reads the epoch."""
        ensure_collections(self.db, ["commits", "reservations", "relay", "relay_heads"])
        self._commits.create_indexes(list(COMMIT_INDEXES))
        self._receipts.create_index("at", expireAfterSeconds=int(RECEIPT_TTL.total_seconds()))
        self.db["store_meta"].update_one(
            {"_id": "epoch"}, {"$setOnInsert": {"value": 1}}, upsert=True
        )
        self.verify()

    def verify(self) -> None:
        """Raises `Corrupt` when an index that a guarantee rests on is missing."""
        index = self._commits.index_information().get("command_id")
        if not index or not index.get("unique"):
            raise Corrupt(f"{self.db.name}.commits has no unique index on command_id")
        meta = self.db["store_meta"].find_one({"_id": "epoch"})
        self.epoch = meta["value"] if meta else 1

    def load(self, stream: StreamId, after: Version = EMPTY) -> Sequence[Commit]:
        bounds = {"$gt": entry_id(stream, after), "$lte": entry_id(stream, 10**10 - 1)}
        # Between the bounds may also lie a stream whose own id goes on with an "@".
        wanted = {"_id": bounds, "stream": stream}
        cursor = self._commits.find(wanted, max_time_ms=MAX_TIME_MS).sort("_id", 1)
        commits = [from_document(document, self._seal) for document in cursor]
        check_contiguous(stream, commits, after)
        return commits

    def append(self, commit: Commit, claims: Sequence[str] = ()) -> Appended:
        check_caps(commit)
        if commit.command_hash:
            self._refuse_answered(commit)
        if not claims:
            return self._group.append(commit)
        try:
            self._append_with_claims(to_document(commit, self._seal), claims)
        except DuplicateKeyError:
            return self._explain(commit)
        return Appended(commit)

    def insert(self, commits: Sequence[Commit], session: ClientSession) -> None:
        """Appends inside the caller's transaction (reactions). Any duplicate aborts it."""
        for commit in commits:
            check_caps(commit)
        self._commits.insert_many(
            [to_document(commit, self._seal) for commit in commits], session=session
        )

    def append_many(self, commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        refusals = [_too_large(commit) for commit in commits]
        fitting = [c for c, refusal in zip(commits, refusals, strict=True) if refusal is None]
        written = iter(self._write(fitting) if fitting else ())
        return [refusal or next(written) for refusal in refusals]

    def _write(self, commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        """One write of many commits, each atomic by itself; outcomes in the commits' order."""
        documents = [to_document(commit, self._seal) for commit in commits]
        outcomes: list[Appended | Exception] = [Appended(commit) for commit in commits]
        try:
            self._commits.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            for fault in error.details["writeErrors"]:
                outcomes[fault["index"]] = self._outcome_of(commits[fault["index"]], fault)
            if error.details.get("writeConcernErrors"):
                raise Transient("the majority did not acknowledge in time") from error
        return outcomes

    def find_command(self, command_id: str) -> Commit | Receipt | None:
        document = self._commits.find_one(_of_command(command_id), max_time_ms=MAX_TIME_MS)
        if document:
            return from_document(document, self._seal)
        receipt = self._receipts.find_one({"_id": command_id}, max_time_ms=MAX_TIME_MS)
        if receipt is None:
            return None
        return Receipt(
            command_id, receipt.get("hash"), StreamId(receipt["stream"]), receipt["version"]
        )

    def remember(self, receipt: Receipt) -> None:
        self._receipts.update_one(
            {"_id": receipt.command_id},
            {
                "$setOnInsert": {
                    "hash": receipt.command_hash,
                    "stream": receipt.stream,
                    "version": receipt.version,
                    "at": utc_now(),
                }
            },
            upsert=True,
        )

    def keep(self, receipts: Sequence[Receipt], session: ClientSession) -> None:
        """Remembers for ever, inside the caller's transaction (reactions): an event may come again
        at any time. Without `at` a receipt does not expire.
        """
        self._receipts.insert_many(
            [
                {"_id": one.command_id, "stream": one.stream, "version": one.version}
                for one in receipts
            ],
            session=session,
        )

    def _refuse_answered(self, commit: Commit) -> None:
        """A key that was answered without events is not in the commits' unique index.

        Also for the same request: `Commands` then gives the answer that it got before.
        """
        if self._receipts.find_one({"_id": commit.command_id}, {"_id": 1}, max_time_ms=MAX_TIME_MS):
            raise KeyReused(str(commit.command_id))

    def _append_with_claims(self, document: Document, claims: Sequence[str]) -> None:
        def unit(session: ClientSession) -> None:
            for claim in claims:
                self._reserve(claim, document["stream"], session)
            self._commits.insert_one(document, session=session)

        with self.db.client.start_session() as session:
            session.with_transaction(unit)

    def _reserve(self, claim: str, stream: str, session: ClientSession) -> None:
        """Upserts, so that a race is a write conflict, which is retried, and not an abort."""
        held = self._claims.find_one_and_update(
            {"_id": claim}, {"$setOnInsert": {"stream": stream}}, upsert=True, session=session
        )
        if held and held["stream"] != stream:
            raise RuleBroken("claim-taken", f"{claim} belongs to {held['stream']}", claim=claim)

    def _explain(self, commit: Commit) -> Appended:
        """A duplicate key is our own retried write, the same command again, or a lost race."""
        document = None
        if commit.command_id:
            document = self._commits.find_one(_of_command(commit.command_id))
        if document:
            if document.get("command_hash") != commit.command_hash:
                raise KeyReused(str(commit.command_id))
            return Appended(from_document(document, self._seal), replayed=True)
        document = self._commits.find_one({"_id": commit.id})
        if document and document["events"][0]["id"] == commit.events[0].id:
            return Appended(commit)
        raise VersionConflict(commit.stream, commit.first)

    def _outcome_of(self, commit: Commit, fault: Mapping[str, Any]) -> Appended | Exception:
        if fault.get("code") != 11000:
            return Transient(re.sub(r"\s+", " ", str(fault.get("errmsg")))[:200])
        try:
            return self._explain(commit)
        except (Conflict, KeyReused) as error:
            return error


def _of_command(command_id: str) -> dict[str, Any]:
    """Only with `$type` does the server see that the partial index will do."""
    return {"command_id": {"$eq": command_id, "$type": "string"}}


def _too_large(commit: Commit) -> TooLarge | None:
    try:
        check_caps(commit)
    except TooLarge as refusal:
        return refusal
    return None


def as_transient(error: PyMongoError) -> Transient | None:
    """For callers that retry: the error as `Transient`, or None when retrying is of no use."""
    return Transient(str(error)[:200]) if is_transient(error) else None
