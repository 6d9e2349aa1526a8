"""The relay's ports on MongoDB: a change stream, its checkpoint, and a lease on the server's clock.

relay        {_id: "checkpoint", token, fence}  and  {_id: "lease", owner, until, fence}
relay_heads  {_id: stream, version}
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from pymongo import ReturnDocument, UpdateOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from events.envelope import Commit
from events.errors import Fenced, Transient
from events.mongodb import JSON_CODEC, Db, Document, is_transient
from events.relay.port import Fed, Token, TokenLost
from events.store.documents import from_document

LEASE_SECONDS = 10
"""A dead relay's successor starts after this long; renewal costs one small write a third of it."""

FEED_BATCH = 1000
_FOLLOWS = WriteConcern(w=1)
"""Heads follow the log: losing some of them in a crash only publishes duplicates."""
_LOST_CODES = frozenset({136, 222, 260, 280, 286})
"""Capped position lost, stream closed, invalid token, stream fatal, history lost."""

_CURSOR_NOT_FOUND = 43
_DUPLICATE_KEY = 11000


class ChangeStreamFeed:
    """The server's change stream of `commits`, driven by its own two commands.

    That gives whole replies (one `getMore`, many commits) together with the token after them,
    also when there are none: a quiet service's token must not grow old. After a full reply the
    next one is asked for at once, beside the work on this one.
    """

    def __init__(self, db: Db) -> None:
        self._db = db
        self._session: ClientSession | None = None
        self._cursor = 0
        self._first: Fed | None = None
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._asked: Future[Document] | None = None

    def open(self, token: Token | None) -> Token:
        self.close()
        self._session = self._db.client.start_session()
        stream: dict[str, Any] = {} if token is None else {"resumeAfter": token}
        try:
            reply = self._command(_watching(stream))
        except OperationFailure as error:
            if token is None:
                raise
            raise TokenLost(f"the server can't read the token: {error}"[:200]) from error
        self._cursor = reply["cursor"]["id"]
        self._first = self._fed(reply["cursor"].get("firstBatch", ()), reply["cursor"])
        return self._first.token

    def take(self, wait_seconds: float) -> Fed:
        if self._first is not None and self._first.commits:
            first, self._first = self._first, None
            return first
        asked, self._asked = self._asked, None
        reply = asked.result() if asked else self._more(wait_seconds)
        fed = self._fed(reply["cursor"]["nextBatch"], reply["cursor"])
        if fed.more:
            self._asked = self._asking.submit(self._more, 0)
        return fed

    def scan(self) -> Iterable[Commit]:
        cursor = self._db["commits"].find({}, batch_size=FEED_BATCH).sort("_id", 1)
        try:
            for document in cursor:
                yield from_document(document, seal=None)
        except PyMongoError as error:
            raise _translated(error) from error

    def close(self) -> None:
        if self._session is None:
            return
        if self._asked is not None:
            wait([self._asked])  # a session serves one at a time
            self._asked = None
        if self._cursor:
            try:
                self._db.command(
                    {"killCursors": "commits", "cursors": [self._cursor]}, session=self._session
                )
            except PyMongoError:
                """The server forgets an idle cursor by itself."""
        self._session.end_session()
        self._session, self._cursor, self._first = None, 0, None

    def _more(self, wait_seconds: float) -> Document:
        return self._command(
            {
                "getMore": self._cursor,
                "collection": "commits",
                "batchSize": FEED_BATCH,
                "maxTimeMS": max(1, int(wait_seconds * 1000)),
            }
        )

    def _fed(self, changes: Sequence[Mapping[str, Any]], cursor: Mapping[str, Any]) -> Fed:
        if any(change["operationType"] != "insert" for change in changes):
            raise TokenLost("the collection was dropped or renamed")
        commits = [from_document(change["fullDocument"], seal=None) for change in changes]
        return Fed(commits, cursor["postBatchResumeToken"], more=len(commits) >= FEED_BATCH)

    def _command(self, command: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._db.command(command, session=self._session, codec_options=JSON_CODEC)
        except PyMongoError as error:
            raise _translated(error) from error


class MongoRelayBook:
    """See `RelayBook`."""

    def __init__(self, db: Db) -> None:
        self._relay = db["relay"]
        # What is written with w=1 is read where it was written, not on a majority.
        self._heads = db["relay_heads"].with_options(
            write_concern=_FOLLOWS, read_concern=ReadConcern("local")
        )

    def token(self) -> Token | None:
        found = self._relay.find_one({"_id": "checkpoint"})
        return found["token"] if found else None

    def heads(self, streams: Sequence[str]) -> Mapping[str, int]:
        found = self._heads.find({"_id": {"$in": list(streams)}})
        return {one["_id"]: one["version"] for one in found}

    def save(self, heads: Mapping[str, int], token: Token | None, fence: int) -> None:
        try:
            if heads:
                self._save_heads(heads)
            if token is not None:
                self._save_token(token, fence)
        except PyMongoError as error:
            raise _translated(error) from error

    def _save_heads(self, heads: Mapping[str, int]) -> None:
        """Inserts those of new streams, which costs the server a fifth of an upsert."""
        known = self.heads(list(heads))
        fresh = {name: heads[name] for name in heads.keys() - known.keys()}
        higher = {name: heads[name] for name in known if heads[name] > known[name]}
        try:
            if fresh:
                self._heads.insert_many(
                    [{"_id": stream, "version": version} for stream, version in fresh.items()],
                    ordered=False,
                )
        except BulkWriteError as error:
            if {one["code"] for one in error.details["writeErrors"]} != {_DUPLICATE_KEY}:
                raise
            higher |= fresh  # another relay was faster
        if higher:
            self._heads.bulk_write(
                [
                    UpdateOne({"_id": stream}, {"$max": {"version": version}}, upsert=True)
                    for stream, version in higher.items()
                ],
                ordered=False,
            )

    def _save_token(self, token: Token, fence: int) -> None:
        try:
            self._relay.update_one(
                {"_id": "checkpoint", "fence": {"$lte": fence}},
                {"$set": {"token": token, "fence": fence}},
                upsert=True,
            )
        except DuplicateKeyError as error:
            # There is a checkpoint, and its fence is higher: only so can the upsert collide.
            raise Fenced("another relay has taken over") from error


class MongoLease:
    """A lease judged by the server's clock, renewed at a third of its length.

    It is released by unsetting, never by deleting: the fencing number must not start again. A
    process that restarts under the same owner's name takes over at once, with a new number, and
    a zombie of that name notices by the number.

    `id` names what is leased, in a collection that may hold more than leases.
    """

    def __init__(
        self,
        db: Db,
        owner: str,
        *,
        collection: str = "relay",
        id: str = "lease",
        seconds: float = LEASE_SECONDS,
    ) -> None:
        self._leases = db[collection]
        self._id = id
        self._seconds = seconds
        self._owner = owner
        self._fence: int | None = None
        self._renew_at = 0.0

    def acquire(self) -> int | None:
        if self._fence is not None and time.monotonic() < self._renew_at:
            return self._fence
        try:
            held: Document = self._leases.find_one_and_update(  # type: ignore[assignment]
                {"_id": self._id},
                [self._claim(fresh=self._fence is None)],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except PyMongoError as error:
            raise _translated(error) from error
        self._renew_at = time.monotonic() + self._seconds / 3
        ours = held["owner"] == self._owner and self._fence in (None, held["fence"])
        self._fence = held["fence"] if ours else None
        return self._fence

    def release(self) -> None:
        try:
            self._leases.update_one(
                {"_id": self._id, "owner": self._owner, "fence": self._fence},
                {"$unset": {"owner": 1, "until": 1}},
            )
        except PyMongoError as error:
            raise _translated(error) from error
        self._fence = None

    def _claim(self, *, fresh: bool) -> dict[str, Any]:
        """As an update pipeline, so that `$$NOW` is the server's clock."""
        ours = {"$eq": ["$owner", self._owner]}
        free = {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}
        mine = {"$or": [ours, free]}
        changes_hands = {"$or": [{"$and": [free, {"$not": [ours]}]}, {"$and": [ours, fresh]}]}
        until = {"$add": ["$$NOW", int(self._seconds * 1000)]}
        next_fence = {"$add": [{"$ifNull": ["$fence", 0]}, 1]}
        return {
            "$set": {
                "until": {"$cond": [mine, until, "$until"]},
                "fence": {"$cond": [changes_hands, next_fence, "$fence"]},
                "owner": {"$cond": [mine, self._owner, "$owner"]},
            }
        }


def _watching(stream: dict[str, Any]) -> dict[str, Any]:
    return {
        "aggregate": "commits",
        "pipeline": [
            {"$changeStream": stream},
            {"$match": {"operationType": {"$in": ["insert", "invalidate", "drop"]}}},
            {"$project": {"operationType": 1, "fullDocument": 1}},
        ],
        "cursor": {"batchSize": 0},
        "readConcern": {"level": "majority"},
    }


def _translated(error: PyMongoError) -> Exception:
    if isinstance(error, OperationFailure) and error.code in _LOST_CODES:
        return TokenLost(str(error)[:200])
    if isinstance(error, OperationFailure) and error.code == _CURSOR_NOT_FOUND:
        return Transient("the server forgot the cursor")
    return Transient(str(error)[:200]) if is_transient(error) else error
