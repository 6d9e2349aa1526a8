"""Which request targets are let in.

A path must mean the same to the gateway, to a service and to anything that may stand between
them. So whatever two readers could read differently (encoded slashes, dot segments, empty
segments, control characters) is refused, never repaired.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from gateway.problems import Refusal

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
"""Nearly every real path, recognised in one step; the careful way below decides the others."""

_PATH_CHARACTERS = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")  # RFC 3986, pchar and "/"
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def split_target(target: str) -> tuple[str, str]:
    """The path and the query (without `?`) of a request target as it came; Refusal 400."""
    path, _, query = target.partition("?")
    if "#" in target:
        raise _malformed("a request carries no fragment")
    if "%00" in query:
        raise _malformed("the query holds a NUL character")
    if not _PLAIN.fullmatch(path):
        _check(path)
    return path, query


def _check(path: str) -> None:
    if not path.startswith("/"):
        raise _malformed("the request target is not a path: this is no forward proxy")
    if not _PATH_CHARACTERS.fullmatch(path) or _BROKEN_ESCAPE.search(path):
        raise _malformed("the path holds a character that needs encoding, or a broken escape")
    *inner, last = path[1:].split("/")
    if "" in inner:
        raise _malformed("the path holds an empty segment")
    for segment in (*inner, last):
        _check_segment(segment)


def _check_segment(segment: str) -> None:
    try:
        decoded = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("the path is not UTF-8") from None
    if "/" in decoded or "\\" in decoded:
        raise _malformed("the path holds an encoded slash")
    if _CONTROL.search(decoded):
        raise _malformed("the path holds a control character")
    # "..;x" is a dot segment to servers that know path parameters.
    if decoded.partition(";")[0] in (".", ".."):
        raise _malformed("the path holds a dot segment")


def _malformed(detail: str) -> Refusal:
    return Refusal(400, "malformed-path", detail)
