"""The programs that the development issuer knows: the gateway itself, and the seeded machines."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin

from gateway.devissuer.people import PEOPLE

SCOPES = ("openid", "profile", "offline_access")
GATEWAY = "throughline-gateway"
"""The gateway as its own client: a public one, which PKCE alone protects. Not named as the audience
of access tokens is: an ID token is for the client, and opens nothing."""


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]
    """As Authlib asks about it. Without a secret it is a public one."""

    client_id: str
    grants: tuple[str, ...]
    secret: str | None = None
    redirect_uris: tuple[str, ...] = ()
    after_signout: tuple[str, ...] = ()

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: whoever asks says where he wants the answer."""

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, uri: str) -> bool:
        return uri in self.redirect_uris

    def check_client_secret(self, secret: str) -> bool:
        known = self.secret is not None
        return known and hmac.compare_digest(str(self.secret).encode(), secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") == (self.secret is None)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and "authorization_code" in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


def clients(origin: str) -> dict[str, Client]:
    """By id; browsers find the gateway at `origin`."""
    gateway = Client(
        GATEWAY,
        ("authorization_code", "refresh_token"),
        redirect_uris=(f"{origin}/signin/callback",),
        after_signout=(f"{origin}/",),
    )
    machines = (
        Client(one.subject, ("client_credentials",), one.secret) for one in PEOPLE if one.secret
    )
    return {one.client_id: one for one in (gateway, *machines)}


def person_of(subject: Any) -> str | None:
    """The subject when a person has it: machines do not click."""
    known = (one.subject for one in PEOPLE if one.kind == "person")
    return subject if subject in known else None
