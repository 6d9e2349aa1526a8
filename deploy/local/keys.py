"""The keys of a local system, made at its first start: with one the gateway signs who asks, with
its public half the services believe it.
"""

from __future__ import annotations

import os
from pathlib import Path

from events.access.tokens import key_set, new_key, pem

PRIVATE, PUBLIC, ISSUER = "gateway.pem", "keys.json", "issuer.pem"


def ensure_keys(folder: Path) -> None:
    """Makes what is not there; nobody else may read it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    private, public = folder / PRIVATE, folder / PUBLIC
    if private.exists() and public.exists():
        return
    key = new_key()
    _write(private, pem(key))
    _write(public, key_set(key.public_key()))


def _write(file: Path, content: bytes) -> None:
    partial = file.with_suffix(".partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
    partial.replace(file)
