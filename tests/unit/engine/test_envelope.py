"""The envelope on the wire: nothing is lost, it is what the published schema promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.contracts import upcasting
from events.contracts.envelope_schema import ENVELOPE
from events.contracts.upcasting import Upcasters
from events.deciding import Scope
from events.envelope import CONTENT_TYPE, Event, Unopened, decode, encode, headers_of
from events.errors import Poison
from events.sealing import Plain
from events.types import StreamId, Version
from tests.conformance.making import KIND, event

SCHEMA = jsonschema_rs.validator_for(ENVELOPE)
OPTIONAL = {
    "subject": "subject",
    "causation_id": "causationid",
    "traceparent": "traceparent",
}

words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=12)
moments = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
data = st.dictionaries(
    st.text(max_size=5),
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
    max_size=4,
)
events = st.builds(
    Event,
    id=words,
    type=st.just(KIND),
    stream=words.map(lambda name: StreamId.of("order", name)),
    version=st.integers(1, 2**31 - 1).map(Version),
    key=words,
    subject=st.none() | words,
    source=st.sampled_from(["sales", "marketing"]),
    occurred_at=moments,
    recorded_at=moments,
    actor=words,
    correlation_id=words,
    causation_id=st.none() | words,
    backfilled=st.booleans(),
    scope=st.builds(Scope, words, st.none() | words, st.none() | words),
    epoch=st.integers(1, 9),
    traceparent=st.none() | st.just(f"00-{'0' * 32}-{'1' * 16}-01"),
    data=data,
)


@given(events)
def test_an_event_survives_the_wire(one: Event) -> None:
    assert decode(encode(one)) == one


@given(events)
def test_what_is_written_is_what_the_schema_promises(one: Event) -> None:
    written = orjson.loads(encode(one))
    SCHEMA.validate(written)
    assert set(written) <= set(ENVELOPE["properties"])


@pytest.mark.parametrize(("field", "attribute"), OPTIONAL.items())
def test_what_is_absent_is_left_out(field: str, attribute: str) -> None:
    assert attribute in orjson.loads(encode(event()))
    without: dict[str, Any] = {field: None}
    assert attribute not in orjson.loads(encode(event(**without)))


def test_team_and_owner_are_left_out_when_absent() -> None:
    written = orjson.loads(encode(event(scope=Scope("root"))))
    assert "team" not in written
    assert "owner" not in written
    assert written["orgunit"] == "root"


def test_the_place_in_the_stream_is_told_three_ways() -> None:
    one = event(version=42)
    written = orjson.loads(encode(one))
    assert (written["streamversion"], written["sequence"]) == (42, "0000000042")
    assert one.entry == "order-1@0000000042"
    assert one.predecessor == "order-1@0000000041"
    assert event(version=1).predecessor is None


def test_headers_tell_type_and_form() -> None:
    assert dict(headers_of(event())) == {"ce_type": KIND.encode(), "content-type": CONTENT_TYPE}


def test_unknown_attributes_are_ignored() -> None:
    written = orjson.loads(encode(event())) | {"newattribute": 1}
    assert decode(orjson.dumps(written)) == event()


def changed(**changes: Any) -> bytes:
    written = orjson.loads(encode(event())) | changes
    return orjson.dumps({name: value for name, value in written.items() if value != "gone"})


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        changed(stream=7),
        changed(streamversion="1"),
        changed(streamversion=0),
        changed(streamversion=-1),
        changed(streamversion=True),
        changed(streamversion=1.5),
        changed(time="yesterday"),
        changed(recordedtime="2026-01-01T00:00:00"),
        changed(source=None),
        changed(data=None),
        changed(data=[1]),
        changed(type=None),
    ]
    + [changed(**{name: "gone"}) for name in ("id", "type", "stream", "streamversion", "data")]
    + [changed(**{name: "gone"}) for name in ("partitionkey", "time", "actor", "storeepoch")],
)
def test_what_is_no_envelope_is_poison(value: bytes) -> None:
    with pytest.raises(Poison) as poison:
        decode(value)
    assert not isinstance(poison.value, Unopened)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Upcasters:
    """Steps of this test's own."""
    planted = Upcasters()
    monkeypatch.setattr("events.envelope.upcast", planted.upcast)
    monkeypatch.setattr(upcasting, "upcast", planted.upcast)
    return planted


def test_an_old_version_arrives_as_the_latest(steps: Upcasters) -> None:
    steps.upcaster("crm.sales.order.noted", from_version=1)(lambda old: {**old, "two": 2})
    steps.upcaster("crm.sales.order.noted", from_version=2)(lambda old: {**old, "three": 3})
    arrived = decode(encode(event(data={"one": 1})))
    assert arrived.type == "crm.sales.order.noted.v3"
    assert arrived.data == {"one": 1, "two": 2, "three": 3}


def test_data_that_cannot_be_brought_up_to_date_keep_their_envelope(steps: Upcasters) -> None:
    steps.upcaster("crm.sales.order.noted", from_version=1)(lambda old: {"x": old["missing"]})
    with pytest.raises(Unopened) as poison:
        decode(encode(event()))
    assert poison.value.event == event()
    assert poison.value.entry == event().entry
    assert "KeyError" in poison.value.reason


def test_data_that_cannot_be_unsealed_keep_their_envelope() -> None:
    class Locked(Plain):
        def open(self, wire_type: str, subject: str | None, data: Any) -> dict[str, Any]:
            raise RuntimeError("no key")

    with pytest.raises(Unopened, match="no key") as poison:
        decode(encode(event()), Locked())
    assert poison.value.event == event()
