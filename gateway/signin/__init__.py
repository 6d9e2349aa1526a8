"""Sign-in: whose request it is, by the provider's word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.config import GatewayConfig
from gateway.devissuer.keys import signing_key
from gateway.signin.bearer import Bearer, invalid
from gateway.signin.identity import Identity
from gateway.signin.keys import Keys, OwnKeys, RemoteKeys

__all__ = ["Identity", "SignIn"]


class SignIn:
    """The one provider that this gateway believes. Thread-safe; made after fork."""

    def __init__(self, config: GatewayConfig) -> None:
        keys: Keys
        if config.dev_issuer:
            keys = OwnKeys(signing_key(Path(config.dev_issuer)).public)
        else:
            keys = RemoteKeys(config.issuer)
        self._bearer = Bearer(config.issuer_in_use, config.audience, keys)

    def identify(self, environ: Mapping[str, Any]) -> Identity | None:
        """Who asks; None without any credentials. Raises Refusal for bad ones."""
        given = environ.get("HTTP_AUTHORIZATION")
        if given is None:
            return None
        kind, _, token = given.strip().partition(" ")
        if kind.lower() != "bearer" or not token or "," in token:
            raise invalid("one Bearer token is taken, and nothing else")
        return self._bearer.identity(token.strip())
