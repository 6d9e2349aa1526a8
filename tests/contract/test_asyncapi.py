"""The AsyncAPI document is whole, and records look as it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import orjson
import pytest
import yaml

from events.contracts.asyncapi import asyncapi
from events.contracts.base import all_contracts
from events.contracts.envelope_schema import ENVELOPE
from events.contracts.generate import Layout
from events.deciding import Scope
from events.envelope import Event, encode, headers_of
from events.types import StreamId, Version
from tests.contract.goldens import EVERY_TYPE, GOLDENS

DOCUMENT = asyncapi(all_contracts().values())
CONTEXTS = {one.CONTEXT for one in all_contracts().values()}


def at(pointer: str) -> Any:
    """What a reference of the document points to; KeyError when it points nowhere."""
    place: Any = DOCUMENT
    for step in pointer.removeprefix("#/").split("/"):
        place = place[step]
    return place


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_reference_points_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > len(EVERY_TYPE)
    assert all(at(pointer) for pointer in found)


def test_it_is_an_asyncapi_3_document() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(DOCUMENT["info"])
    assert all({"host", "protocol"} <= set(one) for one in DOCUMENT["servers"].values())


def test_the_published_text_is_the_document() -> None:
    text = (Layout().published / "asyncapi.yaml").read_text("utf-8")
    assert yaml.safe_load(text) == DOCUMENT


@pytest.mark.parametrize("context", sorted(CONTEXTS))
def test_each_context_has_its_topic_with_its_events_and_its_promises(context: str) -> None:
    channel = DOCUMENT["channels"][context]
    own = {name for name in EVERY_TYPE if name.split(".")[1] == context}
    kafka = channel["bindings"]["kafka"]
    assert set(channel["messages"]) == own
    assert channel["address"] == kafka["topic"] == f"crm.{context}.events"
    assert kafka["topicConfiguration"]["retention.ms"] == -1
    assert (
        "order on the topic is the order in which the events were committed"
        in (channel["description"])
    )


@pytest.mark.parametrize("context", sorted(CONTEXTS))
@pytest.mark.parametrize("action", ["send", "receive"])
def test_each_topic_is_sent_to_and_received_from(context: str, action: str) -> None:
    operation = DOCUMENT["operations"][f"{context}.{action}"]
    assert operation["action"] == action
    assert operation["channel"] == {"$ref": f"#/channels/{context}"}


def event(wire_type: str, **changes: Any) -> Event:
    """An event as a store would hand it to the relay, with all optional attributes."""
    noon = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)
    contract = all_contracts()[wire_type]
    fields: dict[str, Any] = {
        "id": "01934f7e-8a00-7000-8000-000000000001",
        "type": wire_type,
        "stream": StreamId.of(contract.AGGREGATE, "a-1"),
        "version": Version(7),
        "key": "customer-1",
        "subject": "customer-1",
        "source": contract.CONTEXT,
        "occurred_at": noon,
        "recorded_at": noon,
        "actor": "seller-7",
        "correlation_id": "c-1",
        "causation_id": "e-0",
        "backfilled": False,
        "scope": Scope("north", "north-1", "seller-7"),
        "epoch": 1,
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        "data": GOLDENS.load(wire_type)["full"],
    }
    return Event(**fields | changes)


def payload_faults(wire_type: str, record: Any) -> list[str]:
    """What the document has to say against a record's value."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "components": DOCUMENT["components"],
        **DOCUMENT["components"]["messages"][wire_type]["payload"],
    }
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    return [error.message for error in validator.iter_errors(record)]


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_an_encoded_event_is_what_the_document_promises(wire_type: str) -> None:
    record = orjson.loads(encode(event(wire_type)))
    assert payload_faults(wire_type, record) == []
    assert set(record) == set(ENVELOPE["properties"])


SOME = EVERY_TYPE[0]


def test_optional_attributes_may_be_absent() -> None:
    bare = event(
        SOME, subject=None, causation_id=None, traceparent=None, scope=Scope("north"), key="a-1"
    )
    record = orjson.loads(encode(bare))
    assert payload_faults(SOME, record) == []
    assert set(record) == set(ENVELOPE["required"])


@pytest.mark.parametrize("name", ENVELOPE["required"])
def test_no_required_attribute_may_be_absent(name: str) -> None:
    record = orjson.loads(encode(event(SOME)))
    del record[name]
    assert payload_faults(SOME, record)


@pytest.mark.parametrize(
    "change",
    [
        {"type": EVERY_TYPE[1]},
        {"time": "2026-01-31T12:00:00Z"},
        {"streamversion": 0},
        {"sequence": "7"},
        {"backfilled": "false"},
        {"source": "sales"},
        {"data": {}},
    ],
)
def test_a_wrong_attribute_is_refused(change: dict[str, Any]) -> None:
    assert payload_faults(SOME, orjson.loads(encode(event(SOME))) | change)


def test_names_of_attributes_are_those_that_cloudevents_allows() -> None:
    assert all(
        name.isascii() and name.isalnum() and name == name.lower()
        for name in ENVELOPE["properties"]
    )


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_the_type_is_in_a_header_too(wire_type: str) -> None:
    headers = DOCUMENT["components"]["messages"][wire_type]["headers"]
    sent = {name: value.decode() for name, value in headers_of(event(wire_type))}
    jsonschema_rs.Draft7Validator(headers).validate(sent)
