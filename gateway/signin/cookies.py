"""The two cookies: of a sign-in under way, and of a session.

Both are out of reach of scripts and of other sites' forms. Over https their names bind them to this
very host: no neighbour in the domain can put one into a browser (RFC 6265bis, section 4.1.3.2).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response
from werkzeug.http import parse_cookie

from gateway.signin.crossing import own_path
from gateway.signin.relying import Question

UNDER_WAY_SECONDS = 600
"""How long somebody may take at the provider."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A sign-in that has begun: what was asked, and where its person wanted to go."""

    question: Question
    wanted: str


class Cookies:
    """`secure`: browsers find this gateway by https."""

    def __init__(self, secure: bool) -> None:
        self._secure = secure
        prefix = "__Host-" if secure else ""
        self._session = f"{prefix}throughline-session"
        self._under_way = f"{prefix}throughline-signin"

    def session(self, environ: Mapping[str, Any]) -> str | None:
        """The secret of a session; None when there is none or it can't be one."""
        value = _value(environ, self._session)
        return value if value is not None and _SECRET.fullmatch(value) else None

    def set_session(self, response: Response, secret: str) -> None:
        """Until the browser is closed, or the session over."""
        self._set(response, self._session, secret, None)

    def drop_session(self, response: Response) -> None:
        self._set(response, self._session, "", 0)

    def under_way(self, environ: Mapping[str, Any]) -> UnderWay | None:
        try:
            value = _value(environ, self._under_way) or ""
            state, nonce, verifier, wanted = map(str, orjson.loads(_unwrapped(value)))
        except (ValueError, TypeError):
            return None
        return UnderWay(Question(state, nonce, verifier), own_path(wanted))

    def set_under_way(self, response: Response, one: UnderWay) -> None:
        asked = one.question
        told = orjson.dumps([asked.state, asked.nonce, asked.verifier, one.wanted])
        value = base64.urlsafe_b64encode(told).decode()
        self._set(response, self._under_way, value, UNDER_WAY_SECONDS)

    def drop_under_way(self, response: Response) -> None:
        self._set(response, self._under_way, "", 0)

    def _set(self, response: Response, name: str, value: str, seconds: int | None) -> None:
        response.set_cookie(
            name, value, seconds, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )


def _value(environ: Mapping[str, Any], name: str) -> str | None:
    return parse_cookie(environ.get("HTTP_COOKIE")).get(name)


def _unwrapped(value: str) -> bytes:
    return base64.urlsafe_b64decode(value.encode("ascii"))
