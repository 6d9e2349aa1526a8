"""Who is at the door: a person or a machine that an OpenID Connect provider has signed in.

Any provider will do. On a developer's machine a small one of our own stands in
(gateway/devissuer), whose key is at hand: its tokens are verified without asking anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.devissuer.app import DevIssuer
from gateway.devissuer.clients import GATEWAY, clients
from gateway.devissuer.minting import Mint
from gateway.signin.bearer import Bearer
from gateway.signin.browser import CALLBACK, Browser
from gateway.signin.identity import Identity
from gateway.signin.keys import KeySource, OwnKeys
from gateway.signin.provider import Provider
from gateway.signin.relying import RelyingParty
from gateway.signin.sessions import Sessions

if TYPE_CHECKING:
    from flask import Flask

    from events.mongodb import Db
    from gateway.config import GatewayConfig

__all__ = ["Identity", "SignIn"]


class SignIn:
    """The one provider that this gateway believes. Thread-safe; made after fork. Sessions are in
    the platform's database, `db`."""

    def __init__(self, config: GatewayConfig, db: Db) -> None:
        self._issuer: DevIssuer | None = None
        self._browser: Browser | None = None
        provider = Provider(config.issuer_in_use)
        keys: KeySource = provider.keys
        client = config.client_id
        if config.dev_issuer:
            mint = Mint(Path(config.dev_issuer), config.issuer_in_use, config.audience)
            keys = OwnKeys(mint.jwk)
            client = GATEWAY
            self._issuer = DevIssuer(mint, clients(config.origin))
        self._bearer = Bearer(config.issuer_in_use, config.audience, keys, leeway=config.leeway)
        if client:
            callback = f"{config.origin}{CALLBACK}"
            party = RelyingParty(
                provider,
                client,
                config.client_secret,
                callback,
                config.scope,
                leeway=config.leeway,
            )
            sessions = Sessions(db, idle=config.session_idle, lifetime=config.session_lifetime)
            self._browser = Browser(party, sessions, config.origin)

    def add_to(self, app: Flask) -> None:
        """The pages of signing in and out."""
        if self._issuer is not None:
            self._issuer.add_to(app)
        if self._browser is not None:
            self._browser.add_to(app)

    def identify(self, environ: Mapping[str, Any]) -> Identity | None:
        """Who asks, None when he does not say. Raises Refusal when he says something wrong."""
        header = environ.get("HTTP_AUTHORIZATION")
        if header is not None:
            return self._bearer.identity(header)
        return None if self._browser is None else self._browser.identity(environ)
