"""Passes of a local system: for the gateway one of its development issuer, for a service alone one
that the gateway would sign. Whoever can read the keys of the system's folder can make them.
"""

from __future__ import annotations

import time
from pathlib import Path

from deploy.local.keys import ISSUER, PRIVATE
from events.access.caller import Caller
from events.access.rights import ROLES
from events.access.tokens import Signer

PASS_SECONDS = 3600


class Passes:
    """The passes of one system, by the folder of its keys. Thread-safe."""

    def __init__(self, keys: Path, gateway: str = "") -> None:
        self._keys = keys
        self._gateway = gateway
        self._signer = Signer.from_file(keys / PRIVATE)
        self._made: dict[str, tuple[str, float]] = {}

    def of(self, login: str) -> str:
        """`Bearer …` for the gateway: who he is and what he may is in the directory."""
        from gateway.devissuer.minting import Mint

        made, until = self._made.get(login, ("", 0.0))
        if time.time() > until:
            mint = Mint(self._keys / ISSUER, f"{self._gateway}/dev/issuer")
            made = f"Bearer {mint.token(login, PASS_SECONDS)}"
            self._made[login] = (made, time.time() + PASS_SECONDS / 2)
        return made

    def to(self, service: str, subject: str = "tester", *roles: str) -> str:
        """`Bearer …` for one service, with all roles unless some are named."""
        caller = Caller(subject, frozenset(roles or ROLES), units=frozenset({"root"}))
        return f"Bearer {self._signer.token(caller, service)}"
