"""What a provider tells about itself (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from gateway.signin.fetching import Fetcher, Unfetched, require_safe
from gateway.signin.keys import RemoteKeys

KNOWN_SECONDS = 3600.0


class Provider:
    """One issuer. Thread-safe; made after fork."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self.keys = RemoteKeys(self._key_set, clock)
        self._clock = clock
        self._fetcher = Fetcher()
        self._lock = threading.Lock()
        self._told: dict[str, Any] = {}
        self._told_at = float("-inf")

    def metadata(self) -> dict[str, Any]:
        """Its description; an old one while it is away. Raises Unfetched when there is none."""
        with self._lock:
            if self._clock() - self._told_at >= KNOWN_SECONDS:
                self._renew()
            return self._told

    def _renew(self) -> None:
        try:
            self._told = self._described()
            self._told_at = self._clock()
        except Unfetched:
            if not self._told:
                raise

    def _described(self) -> dict[str, Any]:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        told = self._fetcher.document(address)
        if told.get("issuer") != self.issuer:
            raise Unfetched(f"{address} speaks for another issuer")
        require_safe(told.get("jwks_uri"))
        return told

    def _key_set(self) -> dict[str, Any]:
        return self._fetcher.document(self.metadata()["jwks_uri"])
