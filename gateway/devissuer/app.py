"""The development issuer over HTTP: what any OpenID Connect client expects to find.

GET  /dev/issuer/.well-known/openid-configuration
GET  /dev/issuer/keys
GET  /dev/issuer/authorize      a page with the people of development: choosing is signing in
POST /dev/issuer/token
GET  /dev/issuer/signout
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oidc.core.errors import LoginRequiredError
from flask import Flask, Response, render_template, request

from gateway.devissuer.clients import SCOPES, Client, person_of
from gateway.devissuer.grants import Server
from gateway.devissuer.keys import ALGORITHM
from gateway.devissuer.memory import Memory
from gateway.devissuer.minting import Mint
from gateway.devissuer.people import ORG_UNITS, PEOPLE

BODY_LIMIT = 16 * 1024
PICK = "person"
"""The parameter that a click adds to an authorization request."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""As all pages of the gateway: no script, no picture, nothing from elsewhere."""


class DevIssuer:
    """Thread-safe; made after fork."""

    def __init__(
        self, mint: Mint, known: Mapping[str, Client], memory: Memory | None = None
    ) -> None:
        self._mint = mint
        self._memory = memory or Memory()
        self._clients = known
        self._server = Server(mint, self._clients, self._memory)

    def add_to(self, app: Flask) -> None:
        """Its routes, under the path of the issuer."""
        base = urlsplit(self._mint.issuer).path
        for path, view in {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": self.issuer_keys,
            "/authorize": self.authorize,
            "/signout": self.sign_out,
        }.items():
            app.add_url_rule(f"{base}{path}", f"issuer.{view.__name__}", view)
        app.add_url_rule(f"{base}/token", "issuer.token", self.token, methods=["POST"])

    def discovery(self) -> Response:
        issuer = self._mint.issuer
        return _json(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "end_session_endpoint": f"{issuer}/signout",
                "scopes_supported": list(SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": [
                    "authorization_code",
                    "refresh_token",
                    "client_credentials",
                ],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": [
                    "none",
                    "client_secret_basic",
                    "client_secret_post",
                ],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def issuer_keys(self) -> Response:
        return _json({"keys": [self._mint.jwk]})

    def authorize(self) -> Response:
        """The page, and after a click the way back to who asked."""
        try:
            grant = self._server.get_consent_grant()
            if request.args.get("prompt") == "none":
                raise LoginRequiredError(
                    redirect_uri=grant.redirect_uri, state=request.args.get("state")
                )
        except OAuth2Error as error:
            return self._refused(error)
        except ValueError:  # Authlib quotes a parameter that may not be quoted
            return self._refused(InvalidRequestError("a parameter is malformed"))
        if PICK not in request.args:
            return self._page()
        person = person_of(request.args[PICK])
        answer: Response = self._server.create_authorization_response(
            grant=grant, grant_user=person
        )
        return _unstored(answer)

    def token(self) -> Response:
        request.max_content_length = BODY_LIMIT
        try:
            answer: Response = self._server.create_token_response()
        except ValueError:
            return self._refused(InvalidRequestError("a parameter is malformed"))
        return _unstored(answer)

    def sign_out(self) -> Response:
        """Ends a person's sign-ins, and sends the browser where his client wants it."""
        subject = self._mint.signed_out(request.args.get("id_token_hint", ""))
        if subject is not None:
            self._memory.sign_out(subject)
        client = self._clients.get(request.args.get("client_id", ""))
        back = request.args.get("post_logout_redirect_uri", "")
        if client is None or back not in client.after_signout:
            return Response("signed out\n", content_type="text/plain", headers=HEADERS)
        state = request.args.get("state")
        where = add_params_to_uri(back, {"state": state}) if state else back
        return _unstored(Response("", 302, {"Location": where}))

    def _page(self) -> Response:
        asked = [pair for pair in request.args.items(multi=True) if pair[0] != PICK]
        people = [
            (one, f"?{urlencode([*asked, (PICK, one.subject)])}")
            for one in PEOPLE
            if one.kind == "person"
        ]
        shown = render_template(
            "people.html", people=people, places={one.id: one.name for one in ORG_UNITS}
        )
        return Response(shown, content_type="text/html; charset=utf-8", headers=HEADERS)

    def _refused(self, error: OAuth2Error) -> Response:
        answer: Response = self._server.handle_error_response(None, error)
        return _unstored(answer)


def _json(value: Any) -> Response:
    return _unstored(Response(orjson.dumps(value), content_type="application/json"))


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
