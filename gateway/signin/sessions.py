"""Sessions of people with browsers, in MongoDB: any gateway knows them, and they end by themselves.

A browser holds a random secret. The database holds the secret's hash, and the provider's tokens
encrypted with what only the secret gives: who reads the database can be nobody.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken
from pymongo.errors import PyMongoError

from events.mongodb import MAX_TIME_MS, Db, ensure_collections
from gateway.problems import Refusal
from gateway.signin.relying import Granted

COLLECTION = "sessions"
LIFE_SECONDS = 12 * 3600.0
"""However often it is renewed: a working day, then the provider asks again."""

RENEWING_SECONDS = 15.0
"""So long one gateway may take to renew a session; then another may try."""

NOTED_SECONDS = 60.0
"""How exactly the last use is known: a write a minute, not one a request."""

REMEMBERED = 10_000
REMEMBERED_SECONDS = 5.0
"""So late a gateway hears that a session was ended at another."""


@dataclass(frozen=True, slots=True)
class Session:
    """Over at `ends_at` when nobody uses it; `granted` is what the provider said last."""

    granted: Granted
    ends_at: float


class Sessions:
    """Thread-safe; made after fork. Methods raise Refusal 503 while the database is away."""

    def __init__(
        self,
        db: Db,
        clock: Callable[[], float] = time.time,
        idle: float = LIFE_SECONDS,
        lifetime: float = LIFE_SECONDS,
    ) -> None:
        """A session is over after `idle` seconds without use, and after `lifetime` in any case."""
        ensure_collections(db, [COLLECTION])
        self._collection = db[COLLECTION]
        self._collection.create_index("ends_at", expireAfterSeconds=0)
        self._clock = clock
        self._idle = idle
        self._lifetime = lifetime
        self._known: OrderedDict[str, tuple[Session, float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, granted: Granted) -> str:
        """Returns the secret for the browser; it is told nowhere else."""
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        document = {
            "_id": _name(secret),
            "ends_at": _time(now + min(self._idle, self._lifetime)),
            "last_at": _time(now + self._lifetime),
            "sealed": _seal(secret, granted),
            "renewing_until": 0.0,
        }
        with _database():
            self._collection.insert_one(document)
        return secret

    def find(self, secret: str, at_once: bool = False) -> Session | None:
        """None for one that nobody has, and for one that is over. `at_once`: what happened at
        another gateway is known, also in the last seconds."""
        name, now = _name(secret), self._clock()
        with self._lock:
            known = self._known.get(name)
        if known is not None and not at_once and now < min(known[1], known[0].ends_at):
            return known[0]
        with _database():
            document = self._collection.find_one({"_id": name}, max_time_ms=MAX_TIME_MS)
        session = None if document is None else _opened(secret, document)
        if document is None or session is None or session.ends_at <= now:
            return None
        session = self._used(document, session)
        self._remember(name, session)
        return session

    def _used(self, document: dict[str, Any], session: Session) -> Session:
        """It goes on from this use, never beyond its last moment."""
        ends_at = min(self._clock() + self._idle, document["last_at"].timestamp())
        if ends_at - session.ends_at < min(NOTED_SECONDS, self._idle / 2):
            return session
        with _database():
            later = {"$max": {"ends_at": _time(ends_at)}}
            self._collection.update_one({"_id": document["_id"]}, later)
        return replace(session, ends_at=ends_at)

    def claim(self, secret: str) -> Session | None:
        """The session for the one who renews it now; None when another does or it is over."""
        now = self._clock()
        with _database():
            document = self._collection.find_one_and_update(
                {"_id": _name(secret), "renewing_until": {"$lte": now}},
                {"$set": {"renewing_until": now + RENEWING_SECONDS}},
            )
        return None if document is None else _opened(secret, document)

    def release(self, secret: str, granted: Granted | None = None) -> None:
        """After a claim: with what the provider said anew, or without when it said nothing."""
        change: dict[str, Any] = {"renewing_until": 0.0}
        if granted is not None:
            change["sealed"] = _seal(secret, granted)
        with _database():
            self._collection.update_one({"_id": _name(secret)}, {"$set": change})
        self._forget(_name(secret))

    def end(self, secret: str) -> None:
        self._forget(_name(secret))
        with _database():
            self._collection.delete_one({"_id": _name(secret)})

    def _remember(self, name: str, session: Session) -> None:
        with self._lock:
            self._known[name] = (session, self._clock() + REMEMBERED_SECONDS)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._known.pop(name, None)


@contextmanager
def _database() -> Iterator[None]:
    try:
        yield
    except PyMongoError:
        detail = "sessions can't be read now"
        raise Refusal(503, "sessions-away", detail, {"Retry-After": "2"}) from None


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _name(secret: str) -> str:
    return hashlib.sha256(b"session:" + secret.encode("utf-8", "surrogatepass")).hexdigest()


def _box(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"tokens:" + secret.encode()).digest()))


def _seal(secret: str, granted: Granted) -> bytes:
    told = [granted.subject, granted.good_until, granted.refresh_token, granted.id_token]
    return _box(secret).encrypt(orjson.dumps(told))


def _opened(secret: str, document: dict[str, Any]) -> Session | None:
    try:
        granted = Granted(*orjson.loads(_box(secret).decrypt(document["sealed"])))
    except (InvalidToken, ValueError, TypeError):
        return None
    return Session(granted, document["ends_at"].timestamp())
