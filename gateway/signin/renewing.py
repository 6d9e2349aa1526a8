"""Keeps a session as long as the provider stands by it.

Shortly before the provider's word ends it is asked for another, by one request of one gateway: a
refresh token is good once. The others go on with what they have, or wait a moment for the news.
While the provider is away nobody is signed out, and nobody is believed beyond its last word.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.problems import Refusal
from gateway.signin.relying import Granted, RelyingParty, SignInOver
from gateway.signin.sessions import Session, Sessions
from gateway.signin.verifying import sign_in_away

EARLY_SECONDS = 30.0
"""Before its end: so that a request which takes long is not left without."""

AWAY_SECONDS = 5.0
"""So long a provider that did not answer is left alone."""

NEWS_SECONDS = 4.0
"""Longer than the provider may take to answer whoever asks it."""

NEWS_PERIOD = 0.1


class Renewing:
    """Thread-safe."""

    def __init__(
        self, sessions: Sessions, party: RelyingParty, clock: Callable[[], float] = time.time
    ) -> None:
        self._sessions = sessions
        self._party = party
        self._clock = clock
        self._away_until = 0.0

    def find(self, secret: str) -> Session | None:
        """The session with a word of the provider that is still good; None when it is over.
        Raises Refusal 503 when nobody can tell."""
        session = self._sessions.find(secret)
        if session is None or self._lasts(session.granted):
            return session
        if session.granted.refresh_token is None:
            return session if self._good(session) else self._over(secret)
        if self._clock() < self._away_until:
            return self._as_it_is(session)
        claimed = self._sessions.claim(secret)
        if claimed is None:
            return session if self._good(session) else self._news(secret)
        if self._lasts(claimed.granted):  # another was faster, and is done
            self._sessions.release(secret)
            return claimed
        return self._renewed(secret, claimed)

    def _renewed(self, secret: str, session: Session) -> Session | None:
        try:
            granted = self._party.renew(session.granted)
        except SignInOver:
            return self._over(secret)
        except Refusal:
            self._away_until = self._clock() + AWAY_SECONDS
            self._sessions.release(secret)
            return self._as_it_is(session)
        self._sessions.release(secret, granted)
        return Session(granted, session.ends_at)

    def _news(self, secret: str) -> Session | None:
        """What another gateway, or another thread, hears from the provider."""
        deadline = time.monotonic() + NEWS_SECONDS
        while time.monotonic() < deadline:
            session = self._sessions.find(secret, at_once=True)
            if session is None or self._good(session):
                return session
            time.sleep(NEWS_PERIOD)
        raise sign_in_away()

    def _as_it_is(self, session: Session) -> Session:
        if self._good(session):
            return session
        raise sign_in_away()

    def _over(self, secret: str) -> Session | None:
        self._sessions.end(secret)
        return None

    def _good(self, session: Session) -> bool:
        return self._clock() < session.granted.good_until

    def _lasts(self, granted: Granted) -> bool:
        return self._clock() + EARLY_SECONDS < granted.good_until
