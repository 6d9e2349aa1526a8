"""What a provider tells about itself (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from gateway.signin.fetching import Fetcher, Unfetched, require_safe
from gateway.signin.keys import RemoteKeys

log = structlog.get_logger("gateway.signin")

KNOWN_SECONDS = 3600.0
PAUSE_SECONDS = 5.0
"""Before a provider that is away is asked again."""


class Provider:
    """One issuer. Thread-safe; made after fork."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self.keys = RemoteKeys(self._key_set, clock)
        self._clock = clock
        self._fetcher = Fetcher()
        self._lock = threading.Lock()
        self._told: dict[str, Any] = {}
        self._due_at = float("-inf")

    def metadata(self) -> dict[str, Any]:
        """Its description; an old one while it is away. Raises Unfetched when there is none."""
        with self._lock:
            if self._clock() >= self._due_at:
                self._renew()
            if not self._told:
                raise Unfetched(f"{self.issuer} is away")
            return self._told

    def _renew(self) -> None:
        try:
            self._told = self._described()
            self._due_at = self._clock() + KNOWN_SECONDS
        except Unfetched as away:
            log.warning("provider-unread", reason=str(away))
            self._due_at = self._clock() + PAUSE_SECONDS

    def _described(self) -> dict[str, Any]:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        told = self._fetcher.document(address)
        if told.get("issuer") != self.issuer:
            raise Unfetched(f"{address} speaks for another issuer")
        require_safe(told.get("jwks_uri"))
        return told

    def _key_set(self) -> dict[str, Any]:
        try:
            return self._fetcher.document(self.metadata()["jwks_uri"])
        except Unfetched:
            self._due_at = min(self._due_at, self._clock() + PAUSE_SECONDS)  # it may have moved
            raise
