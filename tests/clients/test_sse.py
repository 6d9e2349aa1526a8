"""Server-sent events are taken apart as the WHATWG says, wherever the pieces are cut."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.sse import Message, Parser

WHOLE = (
    b"retry: 1500\n\n"
    b"id: 1\nevent: a\ndata: one\n\n"
    b":\n\n"
    b": words\nid: 2\n\n"
    b"id:3\ndata:two\ndata: three\n\n"
    b"data:  four\n\n"
    b"id: 4\ndata: Zo\xc3\xab\n\n"
    b"id: 5\ndata\n\n"
    b"id: 6\ndata: never ended\n"
)
MESSAGES = [
    Message("1", "one"),
    Message("2", None),
    Message("3", "two\nthree"),
    Message("3", " four"),
    Message("4", "Zoë"),
    Message("5", ""),
]


endings = pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"], ids=repr)


def parsed(whole: bytes, cuts: Iterable[int]) -> list[Message]:
    parser = Parser()
    edges = sorted({0, *cuts, len(whole)})
    pieces = (whole[start:end] for start, end in itertools.pairwise(edges))
    return [message for piece in pieces for message in parser.feed(piece)]


@endings
def test_one_cut_may_be_anywhere(ending: bytes) -> None:
    whole = WHOLE.replace(b"\n", ending)
    for cut in range(len(whole)):
        assert parsed(whole, [cut]) == MESSAGES, whole[:cut]
    assert parsed(whole, range(len(whole))) == MESSAGES


@endings
@given(cuts=st.sets(st.integers(1, len(WHOLE))))
def test_many_cuts_may_be_anywhere(ending: bytes, cuts: set[int]) -> None:
    assert parsed(WHOLE.replace(b"\n", ending), cuts) == MESSAGES


def test_an_id_stays_until_another_comes() -> None:
    parser = Parser("7")
    assert list(parser.feed(b"data: x\n\n")) == [Message("7", "x")]


@pytest.mark.parametrize("line", [b"id: a\0b", b"retry: soon", b"unknown: x", b"nonsense", b""])
def test_what_has_no_meaning_is_passed_over(line: bytes) -> None:
    assert list(Parser("7").feed(line + b"\n\ndata: x\n\n")) == [Message("7", "x")]
