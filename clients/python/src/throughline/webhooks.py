"""Whether a webhook is the platform's: Standard Webhooks, symmetric signatures.

event = webhooks.verify(request.headers, request.body, secret)

Verify the bytes as they came, before anything parses them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
"""A message that is older, or from the future, may be one that somebody recorded."""


class NotGenuine(Exception):
    """The message is not signed by any of the secrets, or at another time."""


def verify(headers: Mapping[str, str], body: bytes, *secrets: str) -> Any:
    """The body's JSON. While a secret is rotated, give both. Raises NotGenuine.

    ValueError when there is no secret, or one that is none: that is the receiver's own mistake.
    """
    keys = [_key(secret) for secret in secrets]
    if not keys:
        raise ValueError("a webhook is verified by at least one secret")
    given = {name.lower(): value for name, value in headers.items()}
    try:
        id, sent_at = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"].split(" ")
    except KeyError as missing:
        raise NotGenuine(f"the header {missing} is missing") from None
    if not sent_at.isascii() or not sent_at.isdecimal():
        raise NotGenuine("webhook-timestamp is no time")
    if abs(time.time() - int(sent_at)) > TOLERANCE_SECONDS:
        raise NotGenuine("the message is of another time")
    if not _signed(f"{id}.{sent_at}.".encode() + body, signatures, keys):
        raise NotGenuine("no signature fits")
    return json.loads(body)


def _signed(message: bytes, signatures: Sequence[str], keys: Sequence[bytes]) -> bool:
    """Compares in constant time, so that nobody finds a signature byte by byte."""
    expected = [hmac.digest(key, message, hashlib.sha256) for key in keys]
    told = [f"v1,{base64.b64encode(one).decode()}".encode() for one in expected]
    given = [one.encode("utf-8", "surrogateescape") for one in signatures]
    return any(hmac.compare_digest(one, other) for one in told for other in given)


def _key(secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise ValueError("the secret is not whsec_ and base64") from None
    if not key:
        raise ValueError("the secret is empty")
    return key
