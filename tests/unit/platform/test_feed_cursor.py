"""The feed's cursors: what can be read back, and everything that is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.platform.feed.cursor import (
    LATEST,
    MAX_CHARS,
    CursorWriter,
    decode_cursor,
    encode_cursor,
    resolve,
)
from gateway.platform.feed.errors import BadCursor, Gone
from gateway.platform.feed.layout import Layout

LAYOUT = Layout(("crm.sales.events", "crm.service.events"), ("id-1", "id-2"), 3)
ZERO = (0,) * 6
positions = st.tuples(*[st.integers(0, 2**63 - 1)] * 6)


@given(positions)
def test_a_position_comes_back(position: tuple[int, ...]) -> None:
    assert decode_cursor(LAYOUT, encode_cursor(LAYOUT, position)) == position


@given(positions, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**63 - 1))))
def test_a_cursor_that_moves_is_the_cursor_of_where_it_is(
    start: tuple[int, ...], moves: list[tuple[int, int]]
) -> None:
    writer, now = CursorWriter(LAYOUT, start), list(start)
    for place, offset in moves:
        writer.move(place, offset)
        now[place] = offset
        assert writer.text == encode_cursor(LAYOUT, now)
    assert writer.positions == tuple(now)


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda b: base64.b64encode(b).decode()))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(LAYOUT, text)


@given(positions, st.data())
def test_a_changed_cursor_is_refused_or_is_another_position(
    position: tuple[int, ...], data: st.DataObject
) -> None:
    text = encode_cursor(LAYOUT, position)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_=+/ é"))
    changed = text[:at] + other + text[at + 1 :]
    try:
        read = decode_cursor(LAYOUT, changed)
    except BadCursor:
        return
    assert encode_cursor(LAYOUT, read) == changed, "there is one way to write a position"
    assert (read == position) == (changed == text)


def raw(offsets: bytes, version: bytes = b"\x01") -> str:
    return base64.urlsafe_b64encode(version + LAYOUT.mark + offsets).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (raw(b"\0" * 6, version=b"\x02"), "another version"),
        (raw(b"\0" * 5), "malformed"),
        (raw(b"\0" * 7), "malformed"),
        (raw(b"\0" * 5 + b"\x80"), "malformed"),
        (raw(b"\0" * 5 + b"\x80\x00"), "malformed"),
        (raw(b"\0" * 5 + b"\xff" * 20), "malformed"),
        (raw(b"\0" * 6) + "=", "malformed"),
        ("A" * (MAX_CHARS + 4), "malformed"),
        ("", "malformed"),
        ("-1", "malformed"),
    ],
)
def test_what_is_wrong_is_told(text: str, told: str) -> None:
    with pytest.raises(BadCursor, match=told):
        decode_cursor(LAYOUT, text)


@pytest.mark.parametrize(
    "other",
    [
        Layout(LAYOUT.topics, LAYOUT.ids, 4),
        Layout(LAYOUT.topics, LAYOUT.ids, 2),
        Layout(LAYOUT.topics, ("id-1", "id-of-a-topic-made-anew"), 3),
        Layout(("crm.sales.events", "other.service.events"), LAYOUT.ids, 3),
    ],
)
def test_a_cursor_of_another_log_is_refused(other: Layout) -> None:
    with pytest.raises(BadCursor, match="another log"):
        decode_cursor(LAYOUT, encode_cursor(other, (0,) * len(other.places)))


def test_no_cursor_is_longer_than_a_header_may_be() -> None:
    wide = Layout(tuple(f"crm.c{n}.events" for n in range(5)), ("id",) * 5, 60)
    cursor = encode_cursor(wide, (1_000_000_000,) * 300)
    assert len(cursor) < MAX_CHARS
    assert decode_cursor(wide, cursor) == (1_000_000_000,) * 300


FIRSTS, ENDS = (2, 0, 0, 0, 0, 0), (9, 8, 7, 6, 5, 4)


def test_without_a_cursor_reading_begins_at_the_first_day() -> None:
    assert resolve(LAYOUT, "", FIRSTS, ENDS) == FIRSTS


def test_latest_begins_at_the_end() -> None:
    assert resolve(LAYOUT, LATEST, FIRSTS, ENDS) == ENDS


@pytest.mark.parametrize("position", [FIRSTS, ENDS, (5, 0, 7, 1, 1, 1)])
def test_a_cursor_within_the_log_is_taken(position: tuple[int, ...]) -> None:
    assert resolve(LAYOUT, encode_cursor(LAYOUT, position), FIRSTS, ENDS) == position


def test_beyond_the_end_is_refused() -> None:
    with pytest.raises(BadCursor, match="beyond the end"):
        resolve(LAYOUT, encode_cursor(LAYOUT, (*ENDS[:5], 5)), FIRSTS, ENDS)


def test_a_log_that_was_cut_is_no_gap_in_silence() -> None:
    with pytest.raises(Gone):
        resolve(LAYOUT, encode_cursor(LAYOUT, (1, *ENDS[1:])), FIRSTS, ENDS)
