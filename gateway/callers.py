"""From a sign-in to a caller: the provider says who it is, the directory what he may.

A provider's token is believed about one thing only, who somebody is. Roles and place are the
directory's, read at each request from memory, so that what is taken from somebody is gone at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from events.access.caller import Caller, Reach
from events.access.tokens import Signer
from gateway.problems import Refusal

if TYPE_CHECKING:
    from gateway.directory import Directory
    from gateway.signin.identity import Identity

Identify = Callable[[Mapping[str, Any]], "Identity | None"]

REMEMBERED = 10_000


class Callers:
    """Thread-safe; made after fork."""

    def __init__(self, identify: Identify, directory: Directory, signer: Signer) -> None:
        self._identify = identify
        self._directory = directory
        self._signer = signer
        self._known: dict[tuple[str, int], Caller] = {}

    def caller(self, environ: Mapping[str, Any]) -> Caller:
        """Who asks. Raises Refusal: 401 without a sign-in, 403 for a stranger to the directory,
        503 while the directory can't be trusted to be current."""
        identity = self._identify(environ)
        if identity is None:
            raise Refusal(401, "not-signed-in", "sign in first", {"WWW-Authenticate": "Bearer"})
        if not self._directory.fresh:
            detail = "the directory has not been read for too long to say who may do what"
            raise Refusal(503, "directory-unread", detail, {"Retry-After": "2"})
        snapshot = self._directory.snapshot
        key = (identity.subject, snapshot.version)
        caller = self._known.get(key)
        if caller is None:
            user = snapshot.people.user_by_login(identity.subject)
            if user is None or not user.active:
                raise Refusal(403, "not-in-directory", "who signed in is nobody of the directory")
            caller = self._remember(key, snapshot.people.caller(user))
        return caller

    def authorization(self, caller: Caller, service: str) -> str:
        """The header that the service will believe."""
        return f"Bearer {self._signer.token(caller, service)}"

    def _remember(self, key: tuple[str, int], caller: Caller) -> Caller:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = caller
        return caller


def enter(caller: Caller, right: str) -> Reach:
    """What the right reaches for the caller; raises Refusal 403 when he has it not."""
    reach = caller.reach(right)
    if reach is None:
        raise Refusal(403, "forbidden", f"this takes the right {right}", facts={"right": right})
    return reach
