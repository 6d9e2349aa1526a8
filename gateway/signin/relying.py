"""This gateway as a client of the provider (OpenID Connect Core 1.0, code flow with PKCE).

Authlib speaks the protocol; ID tokens are verified with the same keys and rules as access tokens.
The provider's access tokens are not shown to anybody: what a browser holds is a session of ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from gateway.problems import Refusal
from gateway.signin.asking import Asking
from gateway.signin.fetching import Fetcher, Unfetched, require_safe
from gateway.signin.provider import Provider
from gateway.signin.verifying import LEEWAY_SECONDS, sign_in_away, verified

log = structlog.get_logger("gateway.signin")

LIFE_SECONDS = 300.0
"""How long a provider's word is good when it does not say: a session is renewed then."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser takes to the provider, and has to bring back."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """What the provider said: who it is, until when, and how to ask again."""

    subject: str
    good_until: float
    refresh_token: str | None = field(repr=False)
    id_token: str = field(repr=False)


class SignInOver(Exception):
    """The provider does not stand by this sign-in any more."""


class RelyingParty:
    """Thread-safe; made after fork."""

    def __init__(
        self,
        provider: Provider,
        client_id: str,
        client_secret: str,
        callback: str,
        scope: str,
        clock: Callable[[], float] = time.time,
        leeway: float = LEEWAY_SECONDS,
    ) -> None:
        self._provider = provider
        self._client_id = client_id
        self._secret = client_secret
        self._callback = callback
        self._scope = scope
        self._clock = clock
        self._leeway = leeway
        self._asking = Asking(Fetcher())

    @property
    def issuer(self) -> str:
        return self._provider.issuer

    @property
    def client_id(self) -> str:
        return self._client_id

    def question_url(self, question: Question) -> str:
        """Where the browser goes to sign in. Raises Refusal 503."""
        url, _ = self._client().create_authorization_url(
            self._endpoint("authorization_endpoint"),
            state=question.state,
            nonce=question.nonce,
            code_verifier=question.verifier,
        )
        return str(url)

    def exchange(self, code: str, question: Question) -> Granted:
        """What a code stands for. Raises SignInOver, or Refusal 503."""
        told = self._ask(
            "fetch_token",
            grant_type="authorization_code",
            code=code,
            code_verifier=question.verifier,
        )
        token = told.get("id_token")
        if not isinstance(token, str):
            raise SignInOver("no ID token")
        subject = self._subject(token, question.nonce, told.get("access_token"))
        return self._granted(told, subject, token)

    def renew(self, before: Granted) -> Granted:
        """The same sign-in for some time more. Raises SignInOver, or Refusal 503."""
        told = self._ask("refresh_token", refresh_token=before.refresh_token)
        token = told.get("id_token")
        if isinstance(token, str) and self._subject(token, None, None) != before.subject:
            raise SignInOver("another subject")  # Core 1.0, section 12.2
        return self._granted(told, before.subject, token or before.id_token)

    def sign_out_endpoint(self) -> str | None:
        """None when the provider has no such place, or is away: here the session ends anyway."""
        try:
            return self._endpoint("end_session_endpoint")
        except Refusal:
            return None

    def sign_out_url(self, id_token: str, back: str) -> str | None:
        """Where the browser goes to sign out there too, and then `back`."""
        endpoint = self.sign_out_endpoint()
        if endpoint is None:
            return None
        asked = {
            "id_token_hint": id_token,
            "client_id": self._client_id,
            "post_logout_redirect_uri": back,
        }
        return str(add_params_to_uri(endpoint, list(asked.items())))

    def _ask(self, how: str, **asked: Any) -> dict[str, Any]:
        endpoint = self._endpoint("token_endpoint")
        try:
            told = getattr(self._client(), how)(endpoint, **asked)
        except OAuth2Error as error:
            log.warning("token-refused", error=str(error.error)[:100])
            if error.error == "invalid_grant":
                raise SignInOver("the provider takes it back") from None
            raise sign_in_away() from None
        except ValueError as error:
            log.warning("token-unread", reason=str(error)[:200])
            raise sign_in_away() from None
        return dict(told)

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._asking,
            self._client_id,
            self._secret or None,
            token_endpoint_auth_method=self._method(),
            scope=self._scope,
            redirect_uri=self._callback,
            code_challenge_method="S256",
        )

    def _method(self) -> str:
        """How the secret is shown: as the provider likes it, and by RFC 6749's default."""
        if not self._secret:
            return "none"
        taken = self._metadata().get("token_endpoint_auth_methods_supported")
        basic = not isinstance(taken, list) or "client_secret_basic" in taken
        return "client_secret_basic" if basic else "client_secret_post"

    def _subject(self, token: str, nonce: str | None, access_token: Any) -> str:
        keys = self._provider.keys
        header, claims = verified(token, self.issuer, self._client_id, keys, self._leeway)
        asked = {"nonce": nonce, "client_id": self._client_id, "access_token": access_token}
        try:
            CodeIDToken(dict(claims), dict(header), None, asked).validate(leeway=self._leeway)
        except (JoseError, ValueError, TypeError) as error:
            log.warning("id-token-refused", reason=type(error).__name__)
            raise SignInOver("the ID token is not for this sign-in") from None
        return str(claims["sub"])

    def _endpoint(self, name: str) -> str:
        try:
            return require_safe(self._metadata().get(name))
        except Unfetched:
            raise sign_in_away() from None

    def _metadata(self) -> dict[str, Any]:
        try:
            return self._provider.metadata()
        except Unfetched:
            raise sign_in_away() from None

    def _granted(self, told: dict[str, Any], subject: str, id_token: str) -> Granted:
        seconds = told.get("expires_in")
        if not isinstance(seconds, int | float) or not 0 < seconds < 1e9:
            seconds = LIFE_SECONDS
        return Granted(subject, self._clock() + seconds, told.get("refresh_token"), id_token)
