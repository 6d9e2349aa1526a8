"""JSON objects that services answer, read within bounds."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.upstreams import Answer


def document(answer: Answer, most: int) -> dict[str, Any]:
    """The JSON object of an answer of at most `most` bytes; ValueError when it is none."""
    content = bytearray()
    for piece in answer.pieces():
        content += piece
        if len(content) > most:
            raise ValueError("the document is too large")
    found = orjson.loads(content)
    if not isinstance(found, dict):
        raise ValueError("the document is no JSON object")
    return found
