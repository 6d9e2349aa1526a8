"""The provider's public keys, by id: of a provider elsewhere by HTTP, of our own from its file.

A key that is not known is asked for, but never more often than every few seconds: tokens with
made-up key ids must not turn the gateway into a hammer. While the provider is away, what was known
of it goes on for an hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jwt
import orjson
import structlog
import urllib3
from urllib3.exceptions import HTTPError

log = structlog.get_logger("gateway.signin")

ASK_SECONDS = 5.0
OLD_SECONDS = 3600.0
FRESH_SECONDS = 300.0
ANSWER_SECONDS = 3.0
LARGEST = 256 * 1024
"""Bytes of a document of the provider: a hundred times what a set of keys takes."""


class ProviderAway(Exception):
    """The provider's keys can't be had, and none are known."""


class Keys(Protocol):
    """Where keys come from."""

    def key(self, kid: str | None) -> jwt.PyJWK | None:
        """None for an unknown one; raises ProviderAway when nothing can be said."""
        ...


class RemoteKeys:
    """Those of an OpenID provider, found by its discovery document. Thread-safe."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer.rstrip("/")
        self._clock = clock
        self._lock = threading.Lock()
        self._http = urllib3.PoolManager(retries=False)
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._asked_at = self._read_at = float("-inf")

    def key(self, kid: str | None) -> jwt.PyJWK | None:
        age = self._clock() - self._read_at
        if kid not in self._keys or age > FRESH_SECONDS:
            self._ask()
        if self._clock() - self._read_at > OLD_SECONDS:
            raise ProviderAway(self._issuer)
        return self._keys.get(kid)

    def document(self) -> Mapping[str, Any]:
        """The discovery document. Raises ProviderAway."""
        found = self._get(f"{self._issuer}/.well-known/openid-configuration")
        if found.get("issuer") != self._issuer:
            raise ProviderAway("the discovery document is of another issuer")
        return found

    def _ask(self) -> None:
        with self._lock:
            if self._clock() - self._asked_at < ASK_SECONDS:
                return
            self._asked_at = self._clock()
            try:
                told = self._get(str(self.document()["jwks_uri"]))
                self._keys = {one.key_id: one for one in jwt.PyJWKSet.from_dict(dict(told)).keys}
            except (ProviderAway, KeyError, jwt.PyJWTError) as error:
                log.warning("provider's keys unread", reason=type(error).__name__)
                return
            self._read_at = self._clock()

    def _get(self, url: str) -> Mapping[str, Any]:
        try:
            answer = self._http.request(
                "GET", url, timeout=ANSWER_SECONDS, redirect=False, preload_content=False
            )
            try:
                content = answer.read(LARGEST + 1)
            finally:
                answer.release_conn()
            if answer.status != 200 or len(content) > LARGEST:
                raise ProviderAway(f"{answer.status} of {len(content)} bytes")
            found = orjson.loads(content)
        except (HTTPError, ValueError) as error:
            raise ProviderAway(type(error).__name__) from error
        if not isinstance(found, dict):
            raise ProviderAway("no JSON object")
        return found


class OwnKeys:
    """The one key of the development issuer."""

    def __init__(self, key: jwt.PyJWK) -> None:
        self._key = key

    def key(self, kid: str | None) -> jwt.PyJWK | None:
        return self._key if kid == self._key.key_id else None
