"""Who we are at the platform: a token that we have, or one that an issuer gives us.

Anything that is called without arguments and returns a token will do. None of them shows a secret
in its repr.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote_plus, urlencode

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from throughline.errors import SignInFailed, Unreachable

Auth: TypeAlias = Callable[[], str]
"""Gives the token of the next request; called by several threads at once."""

DISCOVERY = "/.well-known/openid-configuration"
EARLY_SECONDS = 30.0
"""A token is renewed so long before it ends: clocks differ, and requests are under way."""

LIFE_SECONDS = 300.0
"""For an issuer that does not say how long a token lives, which it should."""

TIMEOUT = Timeout(connect=5.0, read=10.0)
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that somebody else keeps fresh."""

    token: str = field(repr=False)

    def __call__(self) -> str:
        return self.token


@dataclass(slots=True)
class ClientCredentials:
    """OAuth 2.0 client credentials: a token of the issuer's, renewed before it ends.

    Where to ask is read from the issuer's discovery document. Thread-safe: while one thread asks,
    the others wait for its token.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    audience: str = ""
    pool: PoolManager = field(default_factory=PoolManager, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _token: str = field(default="", init=False, repr=False)
    _renew_at: float = field(default=0.0, init=False, repr=False)

    def __call__(self) -> str:
        """Raises SignInFailed, and Unreachable while the issuer is away."""
        with self._lock:
            if not self._token or time.monotonic() >= self._renew_at:
                self._renew()
            return self._token

    def forget(self, token: str) -> None:
        """The token was refused; one that came meanwhile stays."""
        with self._lock:
            if token == self._token:
                self._token = ""

    def _renew(self) -> None:
        asked_at = time.monotonic()
        told = self._ask("POST", *self._question())
        token, life = told.get("access_token"), told.get("expires_in", LIFE_SECONDS)
        if not isinstance(token, str) or not token or not isinstance(life, (int, float)):
            raise SignInFailed(f"{self.issuer} answered no token")
        self._token = token
        self._renew_at = asked_at + life - min(EARLY_SECONDS, life / 2)

    def _question(self) -> tuple[str, dict[str, str], bytes]:
        """Address, headers and form of the token request, in the manner the issuer offers."""
        offered = self._ask("GET", self.issuer.rstrip("/") + DISCOVERY, {}, None)
        if str(offered.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
            raise SignInFailed(f"{self.issuer} calls itself {offered.get('issuer')!r}")
        form = {"grant_type": "client_credentials", "scope": self.scope, "audience": self.audience}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        methods = offered.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" in methods:
            headers["Authorization"] = _basic(self.client_id, self.client_secret)
        else:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        body = urlencode({name: value for name, value in form.items() if value})
        return str(offered.get("token_endpoint", "")), headers, body.encode()

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Mapping[str, Any]:
        """The issuer's answer. Unreachable is tried again by whoever wants the token."""
        try:
            response = self.pool.request(
                method,
                url,
                body=body,
                headers={"Accept": "application/json", **headers},
                timeout=TIMEOUT,
                retries=False,
                redirect=False,
            )
        except HTTPError as error:
            raise Unreachable(f"{url}: {error}") from error
        told = _told(response.data)
        if response.status in TRY_AGAIN:
            raise Unreachable(f"{url}: {response.status}")
        if response.status != 200:
            raise SignInFailed(f"{url}: {response.status} {told.get('error', '')}")
        return told


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749, 2.3.1: both are form-encoded first."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _told(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
