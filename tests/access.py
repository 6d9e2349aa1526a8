"""Who asks in tests: a key of the gateway, tokens for callers, and clients that carry them.

client = client_of(app, "sales")                  # somebody who may do everything
client = client_of(app, "sales", a_caller("seller", subject="sam", units={"north-1"}))
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from events.access.caller import Caller
from events.access.rights import ROLES
from events.access.tokens import Guard, Keyring, Signer, key_id, new_key

KEY = new_key()
KEYRING = Keyring({key_id(KEY.public_key()): KEY.public_key()})
SIGNER = Signer(KEY, key_id(KEY.public_key()))


def a_caller(
    *roles: str,
    subject: str = "tester",
    org_unit: str = "root",
    team: str | None = None,
    teams: Iterable[str] = (),
    units: Iterable[str] = (),
    region: Iterable[str] = (),
) -> Caller:
    """A caller with these roles, standing and reaching where he is told to."""
    known = frozenset({team, *teams} - {None})
    within = frozenset({org_unit, *units})
    return Caller(
        subject, frozenset(roles), org_unit, team, known, within, within | frozenset(region)
    )


EVERYBODY = a_caller(*ROLES)
"""Has every role, and so every right."""


def guard(audience: str) -> Guard:
    """A service's guard that believes our key."""
    return Guard(audience, KEYRING)


class SignedClient(FlaskClient):
    """Flask's client with a fresh token for each request, unless the test brings its own."""

    audience = ""
    caller: Caller | None = EVERYBODY

    def open(self, *args: Any, headers: Any = None, **kwargs: Any) -> TestResponse:
        given = dict(headers or {})
        if self.caller is not None:
            token = SIGNER.token(self.caller, self.audience)
            given.setdefault("Authorization", f"Bearer {token}")
        return super().open(*args, headers=given, **kwargs)


def client_of(app: Flask, audience: str, caller: Caller | None = EVERYBODY) -> SignedClient:
    """A client of the service; None as the caller sends no token."""
    client = SignedClient(app, app.response_class, use_cookies=False)
    client.audience, client.caller = audience, caller
    return client
