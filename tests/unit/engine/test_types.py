"""The small value types: tokens, stream names, entry ids, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.types import (
    ConsistencyToken,
    StreamId,
    Version,
    entry_id,
    format_time,
    new_id,
    parse_time,
    to_millis,
    utc_now,
)

names = st.from_regex(r"[a-z_]+-[A-Za-z0-9@.-]+", fullmatch=True)
moments = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


@given(stream=names, version=st.integers(0, 10**10 - 1))
def test_a_token_is_read_as_it_was_written(stream: str, version: int) -> None:
    token = ConsistencyToken(StreamId(stream), Version(version))
    assert ConsistencyToken.parse(str(token)) == token
    assert ConsistencyToken.parse(f"  {token} ") == token
    assert token.entry_id == entry_id(stream, version)


NO_TOKENS = (
    "|@|order-1|order-1@|@3|order@3|order-1@x|order-1@-3|order-1@+3|order-1@3.0|order-1@ 3"
    "|order-1@٣|order-1@12345678901|order-1@1_0"
)


@pytest.mark.parametrize("text", NO_TOKENS.split("|"))
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"token|range"):
        ConsistencyToken.parse(text)


def test_a_refusal_does_not_repeat_long_input() -> None:
    with pytest.raises(ValueError) as refusal:
        ConsistencyToken.parse("x" * 100_000)
    assert len(str(refusal.value)) < 200


def test_a_stream_knows_its_parts() -> None:
    stream = StreamId.of("work_order", "a-b-c")
    assert (stream, stream.aggregate, stream.id) == ("work_order-a-b-c", "work_order", "a-b-c")


@given(st.lists(st.tuples(st.sampled_from(["a-1", "b-1"]), st.integers(1, 10**9)), max_size=20))
def test_entry_ids_sort_like_stream_and_version(places: list[tuple[str, int]]) -> None:
    assert sorted(entry_id(*place) for place in places) == [
        entry_id(*place) for place in sorted(places)
    ]


def test_ids_are_unique_and_sorted_by_their_making() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert sorted(ids) == ids


@given(moments)
def test_times_survive_the_wire(moment: datetime) -> None:
    kept = to_millis(moment)
    assert parse_time(format_time(moment)) == kept
    assert kept.tzinfo is UTC
    assert kept.microsecond % 1000 == 0
    assert timedelta() <= moment - kept < timedelta(milliseconds=1)


def test_the_form_of_times() -> None:
    assert format_time(datetime(2026, 1, 31, 9, 15, tzinfo=UTC)) == "2026-01-31T09:15:00.000Z"


@pytest.mark.parametrize("text", ["2026-01-31T09:15:00", "2026-01-31", "", "now"])
def test_a_time_without_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


def test_now_has_no_microseconds() -> None:
    assert utc_now() == to_millis(utc_now()) or utc_now().microsecond % 1000 == 0
