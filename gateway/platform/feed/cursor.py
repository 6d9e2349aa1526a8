"""A cursor: the next offset in every place, opaque to whoever holds it.

One byte of version, the layout's mark, then the offsets as LEB128, all of it in base64url. There
is exactly one way to write a position: what is not written so is refused. A cursor is no secret
and no permission, it only says where reading begins.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from gateway.platform.feed.errors import BadCursor, Beyond, Gone
from gateway.platform.feed.layout import MARK_BYTES, Layout

VERSION = b"\x01"
LATEST = "latest"
"""Instead of a cursor: only what comes from now on."""

MAX_CHARS = 4_000
"""Fits into a header. 300 places at a thousand million events each take 2,000."""

_OFFSET_BYTES = 9
"""Kafka's offsets have 63 bits."""
_HEAD = len(VERSION) + MARK_BYTES


class CursorWriter:
    """The cursor of a position that moves: only the part that moved is written anew."""

    def __init__(self, layout: Layout, positions: Sequence[int]) -> None:
        self._head = VERSION + layout.mark
        self._positions = list(positions)
        self._parts = [_written(offset) for offset in positions]

    def move(self, place: int, offset: int) -> None:
        if self._positions[place] != offset:
            self._positions[place] = offset
            self._parts[place] = _written(offset)

    @property
    def positions(self) -> tuple[int, ...]:
        return tuple(self._positions)

    @property
    def text(self) -> str:
        told = self._head + b"".join(self._parts)
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def encode_cursor(layout: Layout, positions: Sequence[int]) -> str:
    return CursorWriter(layout, positions).text


def decode_cursor(layout: Layout, text: str) -> tuple[int, ...]:
    """The next offset of every place. Raises BadCursor."""
    told = _bytes_of(text)
    if told[: len(VERSION)] != VERSION:
        raise BadCursor("is of another version of the feed")
    if told[len(VERSION) : _HEAD] != layout.mark:
        raise BadCursor("belongs to another log: begin again without one")
    positions = _offsets(told[_HEAD:])
    if len(positions) != len(layout.places) or encode_cursor(layout, positions) != text:
        raise BadCursor("is malformed")
    return positions


def resolve(
    layout: Layout, after: str, firsts: Sequence[int], ends: Sequence[int]
) -> tuple[int, ...]:
    """Where reading begins: the log's start for an empty cursor, its end for `latest`.

    `firsts` and `ends` are the log's bounds. Raises BadCursor, and Gone where nothing would tell
    the subscriber that events are missing.
    """
    if not after:
        return tuple(firsts)
    if after == LATEST:
        return tuple(ends)
    positions = decode_cursor(layout, after)
    if any(offset > end for offset, end in zip(positions, ends, strict=True)):
        raise Beyond
    if any(offset < first for offset, first in zip(positions, firsts, strict=True)):
        raise Gone
    return positions


def _bytes_of(text: str) -> bytes:
    try:
        if len(text) > MAX_CHARS:
            raise ValueError(text[:10])
        told = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadCursor("is malformed") from None
    if len(told) < _HEAD:
        raise BadCursor("is malformed")
    return told


def _written(offset: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    told = bytearray()
    while offset > 0x7F:
        told.append(offset & 0x7F | 0x80)
        offset >>= 7
    told.append(offset)
    return bytes(told)


def _offsets(told: bytes) -> tuple[int, ...]:
    offsets, offset, shift = [], 0, 0
    for byte in told:
        offset |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            offsets.append(offset)
            offset, shift = 0, 0
        elif shift >= 7 * _OFFSET_BYTES:
            raise BadCursor("is malformed")
    if shift:
        raise BadCursor("is malformed")
    return tuple(offsets)
