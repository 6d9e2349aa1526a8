"""Who is at the door: a person or a machine that an OpenID Connect provider has signed in.

Any provider will do. On a developer's machine a small one of our own stands in
(gateway/devissuer), whose key is at hand, so that the gateway need not call itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.devissuer.keys import signing_key
from gateway.signin.bearer import Bearer
from gateway.signin.identity import Identity
from gateway.signin.keys import KeySource, OwnKeys
from gateway.signin.provider import Provider

if TYPE_CHECKING:
    from gateway.config import GatewayConfig

__all__ = ["Identity", "SignIn"]


class SignIn:
    """The one provider that this gateway believes. Thread-safe; made after fork."""

    def __init__(self, config: GatewayConfig) -> None:
        self._bearer = Bearer(config.issuer_in_use, config.audience, _keys(config))

    def identify(self, environ: Mapping[str, Any]) -> Identity | None:
        """Who asks, None when he does not say. Raises Refusal when he says something wrong."""
        header = environ.get("HTTP_AUTHORIZATION")
        return None if header is None else self._bearer.identity(header)


def _keys(config: GatewayConfig) -> KeySource:
    if config.dev_issuer:
        return OwnKeys(signing_key(Path(config.dev_issuer)).jwk)
    return Provider(config.issuer_in_use).keys
