"""All topics as one AsyncAPI 3.0 document: what is published where, in which order, for how long.

The channels are the topics of the contexts. Integrators read them with a consumer group of their
own; only the relay of a context writes to its topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from events.contracts.base import Contract
from events.contracts.envelope_schema import ENVELOPE
from events.contracts.json_schema import described, json_schema, schema_id

ORDER = (
    "The key is the customer's id where there is one, else the stream; a stream keeps its key. "
    "Within one stream the order on the topic is the order in which the events were committed, "
    "without holes in `streamversion`. No order holds between streams, nor between topics. "
    "Delivery is at least once: a record seen twice has the same `source` and `id`. "
    "Nothing is ever removed: a new reader starts at offset 0 and sees everything."
)
_READERS = (
    "Every event of the platform, as integrators and the services read it. Payloads are closed "
    "for producers; readers ignore fields and event types that they don't know. Fields marked "
    "`x-personal-data` hold personal data. A type never changes in a way that breaks its "
    "readers: what would, gets a new version."
)
_SERVER = {
    "host": "{bootstrap}",
    "protocol": "kafka",
    "description": "The brokers of an installation.",
    "variables": {
        "bootstrap": {"default": "localhost:9092", "description": "KAFKA_BOOTSTRAP_SERVERS"}
    },
}
_BINDING = "0.5.0"

Json = dict[str, Any]


def asyncapi(contracts: Iterable[type[Contract]]) -> Json:
    """The document for these contracts; deterministic in their order."""
    every = sorted(contracts, key=lambda one: one.TYPE)
    contexts = sorted({one.CONTEXT for one in every})
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Throughline events", "version": "1.0.0", "description": _READERS},
        "defaultContentType": "application/cloudevents+json",
        "servers": {"kafka": _SERVER},
        "channels": {name: _channel(name, every) for name in contexts},
        "operations": _operations(contexts),
        "components": {
            "messages": {one.TYPE: _message(one) for one in every},
            "schemas": {"envelope": ENVELOPE} | {one.TYPE: _data_schema(one) for one in every},
        },
    }


def _channel(context: str, contracts: Sequence[type[Contract]]) -> Json:
    topic = f"crm.{context}.events"
    own = [one.TYPE for one in contracts if context == one.CONTEXT]
    return {
        "address": topic,
        "title": f"Events of {context}",
        "description": ORDER,
        "messages": {one: _ref(f"components/messages/{one}") for one in own},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": 24,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1},
                "bindingVersion": _BINDING,
            }
        },
    }


def _operations(contexts: Sequence[str]) -> Json:
    """The context itself sends; everybody else, the context's own projection too, receives."""
    sends = {f"{name}.send": _operation("send", name) for name in contexts}
    return sends | {f"{name}.receive": _operation("receive", name) for name in contexts}


def _operation(action: str, context: str) -> Json:
    who = f"The relay of {context}" if action == "send" else "Every projection and integrator"
    return {
        "action": action,
        "summary": f"{who} {action}s the events of {context}.",
        "channel": _ref(f"channels/{context}"),
    }


def _message(contract: type[Contract]) -> Json:
    return {
        "name": contract.TYPE,
        "title": contract.__name__,
        "summary": described(contract),
        "contentType": "application/cloudevents+json",
        "headers": _headers(contract.TYPE),
        "payload": _payload(contract.TYPE),
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "equals `partitionkey`"},
                "bindingVersion": _BINDING,
            }
        },
    }


def _headers(wire_type: str) -> Json:
    return {
        "type": "object",
        "properties": {
            "ce_type": {"const": wire_type},
            "content-type": {"type": "string"},
        },
        "required": ["ce_type"],
    }


def _payload(wire_type: str) -> Json:
    """The envelope, narrowed to this type."""
    narrowed = {
        "type": {"const": wire_type},
        "dataschema": {"const": schema_id(wire_type)},
        "data": _ref(f"components/schemas/{wire_type}"),
    }
    return {"allOf": [_ref("components/schemas/envelope"), {"properties": narrowed}]}


def _data_schema(contract: type[Contract]) -> Json:
    # A `$id` here would move the base of the references, `$schema` is not AsyncAPI's.
    whole = json_schema(contract)
    return {key: value for key, value in whole.items() if key not in ("$id", "$schema")}


def _ref(path: str) -> Json:
    return {"$ref": f"#/{path}"}
