"""Addresses as keyed hashes: contacts from one number can be joined without storing the number.

A plain hash of a telephone number is undone by trying all numbers; the key of the installation
prevents that. Without a key there are no hashes.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Mapping

KEY_VARIABLE = "THROUGHLINE_ADDRESS_KEY"
_NO_DIGITS = re.compile(r"[^0-9+]")


def address_hash(contact_point: Mapping[str, str] | None) -> str | None:
    """64 hexadecimal digits; None without an address or a key."""
    key = os.environ.get(KEY_VARIABLE)
    if contact_point is None or not key:
        return None
    told = f"{contact_point['kind']}:{_normal(**contact_point)}"
    return hmac.new(key.encode(), told.encode(), "sha256").hexdigest()


def _normal(kind: str, value: str) -> str:
    """One spelling of the same address, as far as the text alone tells."""
    if kind in ("phone", "fax"):
        return _NO_DIGITS.sub("", value)
    return value.strip().casefold()
