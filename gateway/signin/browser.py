"""Signing in and out with a browser.

GET  /signin?next=/path    to the provider, with a question in a cookie
GET  /signin/callback      back from it: the answer becomes a session
GET  /signout              asks whether he means it
POST /signout              here and at the provider; JSON for scripts, a redirect for forms
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from flask import Flask, Response, render_template, request

from gateway.config import is_loopback
from gateway.problems import Refusal
from gateway.signin.cookies import Cookies, UnderWay
from gateway.signin.crossing import HOME, own_path, require_own_page
from gateway.signin.identity import Identity
from gateway.signin.relying import Question, RelyingParty, SignInOver
from gateway.signin.renewing import Renewing
from gateway.signin.sessions import Sessions

CALLBACK = "/signin/callback"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the callback's address holds a code
    "Cache-Control": "no-store",
}
POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action"
)


class Browser:
    """Thread-safe; made after fork. Browsers find this gateway at `origin`."""

    def __init__(
        self,
        party: RelyingParty,
        sessions: Sessions,
        origin: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._party = party
        self._sessions = sessions
        self._renewing = Renewing(sessions, party, clock)
        self._origin = origin
        self._cookies = Cookies(origin.startswith("https:"))

    def identity(self, environ: Mapping[str, Any]) -> Identity | None:
        """Whose session the request's cookie names. Raises Refusal: 403 for what another site
        made the browser do, 503 when nobody can tell."""
        secret = self._cookies.session(environ)
        session = None if secret is None else self._renewing.find(secret)
        if session is None:
            return None
        require_own_page(environ, self._origin)
        granted, party = session.granted, self._party
        until = min(granted.good_until, session.ends_at)
        return Identity(party.issuer, granted.subject, party.client_id, until)

    def add_to(self, app: Flask) -> None:
        app.add_url_rule("/signin", "signin.begin", self.sign_in)
        app.add_url_rule(CALLBACK, "signin.callback", self.callback)
        app.add_url_rule("/signout", "signin.ask", self.ask_to_sign_out)
        app.add_url_rule("/signout", "signin.end", self.sign_out, methods=["POST"])

    def sign_in(self) -> Response:
        wanted = own_path(request.args.get("next"))
        if self._by_another_name():
            return _to(f"{self._origin}/signin?{urlencode({'next': wanted})}")
        question = Question(*(secrets.token_urlsafe(32) for _ in range(3)))
        response = _to(self._party.question_url(question))
        self._cookies.set_under_way(response, UnderWay(question, wanted))
        return response

    def callback(self) -> Response:
        """Whatever comes of it, the question is used up."""
        begun = self._cookies.under_way(request.environ)
        if begun is None or not _same(request.args.get("state"), begun.question.state):
            return self._failed("This sign-in was begun elsewhere, or too long ago.", HOME, 400)
        if request.args.get("iss", self._party.issuer) != self._party.issuer:  # RFC 9207
            return self._failed("Another provider has answered.", begun.wanted, 400)
        code = request.args.get("code")
        if code is None or "error" in request.args:
            return self._failed("The provider did not let you in.", begun.wanted, 403)
        try:
            secret = self._begin(code, begun.question)
        except SignInOver:
            return self._failed("The provider's answer was not good.", begun.wanted, 403)
        response = _to(begun.wanted)
        self._cookies.drop_under_way(response)
        self._cookies.set_session(response, secret)
        return response

    def ask_to_sign_out(self) -> Response:
        there = urlsplit(self._party.sign_out_endpoint() or self._origin)
        return _page("signout.html", 200, f"'self' {there.scheme}://{there.netloc}")

    def sign_out(self) -> Response:
        require_own_page(request.environ, self._origin)
        where = self._end_session() or HOME
        if request.accept_mimetypes.best == "application/json":
            response = Response(orjson.dumps({"location": where}), headers=HEADERS)
            response.content_type = "application/json"
        else:
            response = _to(where)
        self._cookies.drop_session(response)
        return response

    def _begin(self, code: str, question: Question) -> str:
        """Another session each time: one that somebody put into the browser gains him nothing."""
        try:
            granted = self._party.exchange(code, question)
        except Refusal as refusal:
            if refusal.status == 401:
                raise SignInOver(refusal.detail) from None
            raise
        self._end_session()
        return self._sessions.begin(granted)

    def _end_session(self) -> str | None:
        """Where to go to end it at the provider as well; None when there was none."""
        secret = self._cookies.session(request.environ)
        session = None if secret is None else self._sessions.find(secret)
        if secret is None or session is None:
            return None
        self._sessions.end(secret)
        return self._party.sign_out_url(session.granted.id_token, f"{self._origin}/")

    def _by_another_name(self) -> bool:
        """localhost instead of 127.0.0.1: a cookie of the one is none of the other."""
        own = urlsplit(self._origin)
        here = urlsplit(f"//{request.host}")
        both = is_loopback(own.hostname or "") and is_loopback(here.hostname or "")
        return both and own.netloc != here.netloc

    def _failed(self, why: str, wanted: str, status: int) -> Response:
        again = f"/signin?{urlencode({'next': wanted})}"
        response = _page("signin.html", status, "'none'", why=why, again=again)
        self._cookies.drop_under_way(response)
        return response


def _page(template: str, status: int, form_action: str, **facts: Any) -> Response:
    shown = render_template(template, **facts)
    headers = {**HEADERS, "Content-Security-Policy": f"{POLICY} {form_action}"}
    return Response(shown, status, headers, content_type="text/html; charset=utf-8")


def _to(where: str) -> Response:
    return Response("", 303, {**HEADERS, "Location": where})


def _same(told: str | None, known: str) -> bool:
    return told is not None and hmac.compare_digest(told.encode(), known.encode())
