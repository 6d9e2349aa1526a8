"""The one seam through which event data passes on its way to and from a store.

Data is sealed once, when a commit is made, and travels sealed through store, relay and log; a
reader opens it when it decodes the event. Today the seal changes nothing. Field encryption with
a key per subject belongs here: `Contract` schemas mark the fields (`fields.personal_fields`).
"""

from __future__ import annotations

from typing import Any, Protocol

from events.contracts.base import Data


class Seal(Protocol):
    """Both directions are pure in their arguments; `subject` chooses the key."""

    def close(self, wire_type: str, subject: str | None, data: Data) -> Data: ...

    def open(self, wire_type: str, subject: str | None, data: Data) -> dict[str, Any]: ...


class Plain:
    """Leaves data as it is."""

    def close(self, wire_type: str, subject: str | None, data: Data) -> Data:
        return data

    def open(self, wire_type: str, subject: str | None, data: Data) -> dict[str, Any]:
        return data if isinstance(data, dict) else dict(data)


PLAIN: Seal = Plain()
