"""What the development issuer remembers, in memory: codes for a minute, refresh tokens for a day.

A code is good once. A refresh token is good once too, and gives another; whoever uses an old one
has stolen it or was stolen from, so all that came of the same sign-in end with it (RFC 9700
section 4.14).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

CODE_SECONDS = 60.0
REFRESH_SECONDS = 24 * 3600.0
REMEMBERED = 10_000

T = TypeVar("T")


def new_secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Code:
    """A person's sign-in on its way to a client; the methods are those that Authlib asks for."""

    client_id: str
    subject: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    family: str = field(default_factory=new_secret)
    """Names the sign-in that this is part of."""

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass(frozen=True, slots=True)
class Refresh:
    """As Authlib asks about it."""

    client_id: str
    subject: str
    scope: str
    family: str

    def check_client(self, client: object) -> bool:
        return getattr(client, "client_id", None) == self.client_id

    def get_scope(self) -> str:
        return self.scope


class Memory:
    """Thread-safe; bounded, the oldest are forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: OrderedDict[str, tuple[Code, float]] = OrderedDict()
        self._refreshes: OrderedDict[str, tuple[Refresh, float]] = OrderedDict()
        self._used: OrderedDict[str, str] = OrderedDict()

    def keep_code(self, name: str, code: Code) -> None:
        with self._lock:
            _keep(self._codes, name, (code, self._clock() + CODE_SECONDS))

    def take_code(self, name: str) -> Code | None:
        """None the second time, and when it is too late."""
        with self._lock:
            return self._good(self._codes.pop(name, None))

    def new_refresh(self, refresh: Refresh) -> str:
        name = new_secret()
        with self._lock:
            _keep(self._refreshes, name, (refresh, self._clock() + REFRESH_SECONDS))
        return name

    def take_refresh(self, name: str) -> Refresh | None:
        """None for an unknown, old or used one; a used one ends its family."""
        with self._lock:
            if name in self._used:
                self._end(self._used[name])
            refresh = self._good(self._refreshes.pop(name, None))
            if refresh is not None:
                _keep(self._used, name, refresh.family)
            return refresh

    def sign_out(self, subject: str) -> None:
        """Ends all that a person's sign-ins have given."""
        with self._lock:
            for refresh, _ in list(self._refreshes.values()):
                if refresh.subject == subject:
                    self._end(refresh.family)

    def _end(self, family: str) -> None:
        for name in [one for one, (held, _) in self._refreshes.items() if held.family == family]:
            del self._refreshes[name]

    def _good(self, held: tuple[T, float] | None) -> T | None:
        return held[0] if held is not None and self._clock() < held[1] else None


def _keep(held: OrderedDict[str, T], name: str, value: T) -> None:
    held[name] = value
    while len(held) > REMEMBERED:
        held.popitem(last=False)
