"""A provider's public keys by id: where they come from, and how long they are believed.

A key that is not known is asked for at once, so that a provider may roll its keys at any time, but
at most every few seconds, so that invented ids cost it nothing. What was believed stays so while
the provider is away, for an hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
import structlog

from gateway.signin.algorithms import ALGORITHMS, PublicKey, algorithms_of

log = structlog.get_logger("gateway.signin")

FRESH_SECONDS = 300.0
"""After this a key that is in use is looked up again, beside the request."""

KEPT_SECONDS = 3600.0
"""So long the keys of a provider that is away are believed."""

PAUSE_SECONDS = 5.0
"""Between two fetches, whatever is asked."""

WAIT_SECONDS = 5.0
"""How long a request waits for a key."""

KEYS = 100
"""More keys than any provider has."""


class KeysAway(Exception):
    """The provider can't be asked now, and without it nobody can tell."""


@dataclass(frozen=True, slots=True)
class Key:
    """`algorithms` are those that it may sign with."""

    public: PublicKey
    algorithms: tuple[str, ...]


class KeySource(Protocol):
    def key(self, kid: str) -> Key | None:
        """None when the provider has no such key; raises KeysAway when that can't be told."""


def key_of(told: Any) -> tuple[str, Key] | None:
    """One member of a JWK set with its id, None when it is not for signatures that we believe."""
    if not isinstance(told, dict) or told.get("use", "sig") != "sig":
        return None
    kid, named = told.get("kid"), told.get("alg")
    if not isinstance(kid, str) or (named is not None and named not in ALGORITHMS):
        return None
    try:
        public = jwt.PyJWK(told).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    allowed = algorithms_of(public)
    if named is not None:
        allowed = tuple(one for one in allowed if one == named)
    return (kid, Key(public, allowed)) if allowed else None


def keys_of(told: Any) -> dict[str, Key]:
    """A JWK set by id (RFC 7517); ValueError when it holds no key for us."""
    listed = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(listed, list) or len(listed) > KEYS:
        raise ValueError("no JWK set")
    found = dict(one for one in map(key_of, listed) if one is not None)
    if not found:
        raise ValueError("a JWK set without a key that can be used here")
    return found


class OwnKeys:
    """The development issuer's, which runs in this very process."""

    def __init__(self, *told: Mapping[str, Any]) -> None:
        self._keys = keys_of({"keys": [dict(one) for one in told]})

    def key(self, kid: str) -> Key | None:
        return self._keys.get(kid)


@dataclass(frozen=True, slots=True)
class _Held:
    keys: Mapping[str, Key]
    read_at: float


class RemoteKeys:
    """Thread-safe; made after fork. `read` gets the provider's set, or raises ValueError or
    OSError when it can't."""

    def __init__(
        self, read: Callable[[], Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._held = _Held({}, float("-inf"))
        self._lock = threading.Lock()
        self._reader = ThreadPoolExecutor(1, "signin-keys")
        self._reading: Future[bool] | None = None
        self._begun_at = float("-inf")

    def key(self, kid: str) -> Key | None:
        known = self._held.keys.get(kid)
        age = self._clock() - self._held.read_at
        if known is not None and age < FRESH_SECONDS:
            return known
        reading = self._begin()
        if known is not None and age < KEPT_SECONDS:
            return known
        wait([reading], WAIT_SECONDS)
        known = self._held.keys.get(kid)
        if known is not None and self._clock() - self._held.read_at < KEPT_SECONDS:
            return known
        if not reading.done() or not reading.result():
            raise KeysAway
        return None

    def _begin(self) -> Future[bool]:
        """The reading that runs, a new one, or the last when that was a moment ago."""
        with self._lock:
            now = self._clock()
            running = self._reading is not None and not self._reading.done()
            if self._reading is None or (not running and now - self._begun_at >= PAUSE_SECONDS):
                self._begun_at = now
                self._reading = self._reader.submit(self._renew)
            return self._reading

    def _renew(self) -> bool:
        begun = self._clock()
        try:
            keys = keys_of(self._read())
        except (ValueError, OSError) as error:
            log.warning("keys-unread", reason=str(error))
            return False
        self._held = _Held(keys, begun)
        return True
