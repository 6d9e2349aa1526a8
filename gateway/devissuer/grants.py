"""The ways to a token that the development issuer offers, on Authlib's authorization server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidRequestError, grants
from authlib.oauth2.rfc7636 import CodeChallenge

from gateway.devissuer.clients import Client, person_of
from gateway.devissuer.memory import Code, Memory, Refresh
from gateway.devissuer.minting import Mint

ACCESS_SECONDS = 300
"""Short, so that who tries things out meets what happens in production: tokens are renewed."""


class Pkce(CodeChallenge):  # type: ignore[misc]
    """Required of everybody, and only with a hash: a plain challenge protects nobody."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("a code_challenge with the method S256 is required")
        super().validate_code_challenge(grant, redirect_uri)


class IdTokens:
    """Adds to what a code is exchanged for, who it is, for the client itself."""

    def __init__(self, mint: Mint) -> None:
        self._mint = mint

    def __call__(self, grant: Any) -> None:
        grant.register_hook("after_create_token_response", self.add)

    def add(self, grant: Any, answer: tuple[int, dict[str, Any], Any]) -> None:
        code: Code = grant.request.authorization_code
        if "openid" in code.scope.split():
            token = self._mint.id_token(code.subject, code.client_id, code.nonce, ACCESS_SECONDS)
            answer[1]["id_token"] = token


class ByCode(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """For people: from the page where they chose who they are."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def save_authorization_code(self, code: str, request: Any) -> None:
        asked = request.payload.data
        kept = Code(
            request.client.client_id,
            request.user,
            request.payload.redirect_uri,
            request.scope,
            asked.get("nonce"),
            asked["code_challenge"],
            asked["code_challenge_method"],
        )
        self.server.memory.keep_code(code, kept)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.memory.take_code(code)
        return found if found is not None and found.client_id == client.client_id else None

    def generate_token(self, user: str, scope: str, **asked: Any) -> dict[str, Any]:
        code: Code = self.request.authorization_code
        return self.server.issue(self.client, user, scope, code.family)  # type: ignore[no-any-return]

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It was taken when it was shown, whatever came of it."""

    def authenticate_user(self, authorization_code: Code) -> str | None:
        return person_of(authorization_code.subject)


class ByRefresh(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Refresh | None:
        found: Refresh | None = self.server.memory.take_refresh(refresh_token)
        return found

    def authenticate_user(self, refresh_token: Refresh) -> str | None:
        return person_of(refresh_token.subject)

    def generate_token(self, user: str, scope: str, **asked: Any) -> dict[str, Any]:
        used: Refresh = self.request.refresh_token
        return self.server.issue(self.client, user, scope, used.family)  # type: ignore[no-any-return]

    def revoke_old_credential(self, refresh_token: Refresh) -> None:
        """It was taken when it was shown."""


class ByItself(grants.ClientCredentialsGrant):  # type: ignore[misc]
    """For machines: their name and their secret."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def generate_token(self, scope: str, **asked: Any) -> dict[str, Any]:
        name = self.client.client_id
        return self.server.issue(self.client, name, scope)  # type: ignore[no-any-return]


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server with our memory; thread-safe, since Authlib keeps each request apart."""

    def __init__(self, mint: Mint, known: Mapping[str, Client], memory: Memory) -> None:
        super().__init__(query_client=known.get, save_token=_nowhere)
        self.memory = memory
        self._mint = mint
        self.register_grant(ByCode, [Pkce(), IdTokens(mint)])
        self.register_grant(ByRefresh)
        self.register_grant(ByItself)

    def issue(
        self, client: Client, subject: str, scope: str, family: str | None = None
    ) -> dict[str, Any]:
        """The answer to a token request; with a refresh token when it is part of a sign-in."""
        issued = {
            "access_token": self._mint.token(subject, ACCESS_SECONDS, client.client_id),
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "scope": scope,
        }
        if family is not None:
            refresh = Refresh(client.client_id, subject, scope, family)
            issued["refresh_token"] = self.memory.new_refresh(refresh)
        return issued


def _nowhere(token: dict[str, Any], request: Any) -> None:
    """Access tokens are not kept: their signature says what they are."""
