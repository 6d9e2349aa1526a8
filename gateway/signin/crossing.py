"""What other web sites must not do to somebody who is signed in here with a browser.

A browser sends our cookie along with whatever any page makes it send. So a request that changes
something has to come from a page of our own, by the browser's word (Sec-Fetch-Site, Origin), and
after signing in nobody is led to another site.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.problems import Refusal

HARMLESS = ("GET", "HEAD")
LONGEST = 2000
HOME = "/"
_OWN = frozenset({None, "null"})
_NEVER = ("/signin", "/signout", "/dev/issuer")


def require_own_page(environ: Mapping[str, Any], origin: str) -> None:
    """Raises Refusal 403 for a change that no page of `origin` has asked for. A client that says
    nothing of where it comes from is no browser of these years, and has no use for a cookie."""
    if environ["REQUEST_METHOD"] in HARMLESS:
        return
    named, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
    own = named == origin if site is None else site == "same-origin" and named in _OWN | {origin}
    if not own:
        detail = f"with a session's cookie, changes are taken from pages of {origin} only"
        raise Refusal(403, "cross-site", detail)


def own_path(wanted: str | None) -> str:
    """Where to go after signing in: a path of this gateway, else home."""
    if not wanted or len(wanted) > LONGEST or not wanted.isascii() or not wanted.isprintable():
        return HOME
    if not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted or " " in wanted:
        return HOME
    return HOME if wanted.startswith(_NEVER) else wanted
