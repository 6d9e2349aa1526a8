"""An event for whoever may see it, but not what is personal in it."""

from __future__ import annotations

from typing import Any

import orjson

from events.envelope import Event, encode
from events.http.masking import masked_data


def masked(event: Event) -> dict[str, Any]:
    """The CloudEvent as it is, with personal data left out."""
    told: dict[str, Any] = orjson.loads(encode(event))
    told["data"] = masked_data(event.type, told["data"])
    return told
