"""Comparing the store with what was published, stream by stream, without any clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from events.mongodb import Db

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Gap:
    """Versions `published + 1` to `stored` of a stream are not on the topic (or not yet)."""

    stream: str
    stored: int
    published: int


def gaps(db: Db) -> Iterator[Gap]:
    """Streams whose published head is not the stored one, in order of their names."""
    chunk: list[tuple[str, int]] = []
    for head in _stored_heads(db):
        chunk.append(head)
        if len(chunk) == CHUNK:
            yield from _unequal(db, chunk)
            chunk = []
    yield from _unequal(db, chunk)


def _stored_heads(db: Db) -> Iterator[tuple[str, int]]:
    cursor = db["commits"].find({}, {"stream": 1, "last": 1}, batch_size=5000).sort("_id", 1)
    stream, last = "", 0
    for one in cursor:
        if one["stream"] != stream and stream:
            yield stream, last
        stream, last = one["stream"], one["last"]
    if stream:
        yield stream, last


def _unequal(db: Db, heads: Sequence[tuple[str, int]]) -> Iterator[Gap]:
    names = [stream for stream, _ in heads]
    published = {
        one["_id"]: one["version"] for one in db["relay_heads"].find({"_id": {"$in": names}})
    }
    for stream, stored in heads:
        if published.get(stream, 0) != stored:
            yield Gap(stream, stored, published.get(stream, 0))
