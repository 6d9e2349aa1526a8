"""Every request has a caller, every route a right: checked here, whatever lies in front.

The service believes no network and no header but the token that the gateway signed for it
(events/access/tokens.py). Before a route runs, its right is looked up for the caller; what the
right reaches then bounds every read (scoped.py) and every command (commands.py) of the request.
"""

from __future__ import annotations

from flask import Flask, current_app, g, request

from events.access.caller import Caller, Reach
from events.access.rights import RIGHTS
from events.access.tokens import BadToken
from events.deciding import Scope
from events.http.problem import Problem
from events.http.runtime import runtime

RIGHT = "_right"
"""The attribute of a view function that says which right it takes."""

PUBLIC = "_public"
"""The attribute of a view function that says why it asks nobody who he is (`Routes.public`).
tests/contract/test_rights.py lists every such route by its name."""

OPEN = ("health.", "api-docs.")
"""Endpoints that everybody reaches: health and the API's document tell nothing of anybody."""


def caller() -> Caller:
    """Who asks the current request."""
    return g.caller  # type: ignore[no-any-return]


def reach() -> Reach:
    """What the current route's right reaches for the caller."""
    return g.reach  # type: ignore[no-any-return]


def may(right: str) -> bool:
    """Whether the caller has another right besides the route's; for what an answer shows more."""
    return caller().may(right)


def enter(right: str) -> None:
    """Lets the caller pass with this right, or raises a 403 `Problem`."""
    found = caller().reach(right)
    if found is None:
        raise Problem(403, "forbidden", f"this takes the right {right}", facts={"right": right})
    g.reach = found
    g.right = right


def scope_or_own(given: dict[str, str] | None) -> Scope:
    """Where a new record belongs: where the body says, else where the caller stands."""
    return Scope(**given) if given else caller().place(g.right)


def register_guard(app: Flask) -> None:
    """Asks for the token before anything else; raises ValueError for a route without a right."""
    for rule in app.url_map.iter_rules():
        _check_right(app, rule.endpoint, rule.rule)
    app.before_request(_authenticate)


def _check_right(app: Flask, endpoint: str, rule: str) -> None:
    if _is_open(app, endpoint):
        return
    right = getattr(app.view_functions[endpoint], RIGHT, None)
    if right is None:
        raise ValueError(f"the route {rule} names no right: nobody could be kept out of it")
    RIGHTS.check(right)


def _is_open(app: Flask, endpoint: str) -> bool:
    return endpoint.startswith(OPEN) or bool(getattr(app.view_functions[endpoint], PUBLIC, ""))


def _authenticate() -> None:
    g.caller = g.reach = None
    if request.endpoint is None or _is_open(current_app, request.endpoint):
        return
    kind, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise _unknown("this takes a token of the gateway", "")
    try:
        g.caller = runtime().guard.caller(token.strip())
    except BadToken as bad:
        raise _unknown(str(bad), ' error="invalid_token"') from None


def _unknown(detail: str, error: str) -> Problem:
    return Problem(401, "not-signed-in", detail, headers={"WWW-Authenticate": f"Bearer{error}"})
