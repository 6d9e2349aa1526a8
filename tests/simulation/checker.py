"""The judge: what must hold of a world, worked out from the stores without the engine.

It reads commits, the log's bytes and the stored documents, and uses none of the engine's folding,
sorting or decoding. Everything it says is about the first difference that it finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from events.envelope import Event
from events.log.port import Partition
from tests.simulation.failures import SimulationFailure
from tests.simulation.toy import LIMIT

if TYPE_CHECKING:
    from tests.simulation.actors import Group
    from tests.simulation.world import World

Streams = Mapping[str, list[Event]]


def check_all(world: World) -> None:
    """At the end, when everything has arrived."""
    streams = committed(world)
    _check_decisions(streams)
    _check_commands(world)
    _check_topics(world, streams)
    for group in world.groups:
        _check_timeline(group, streams)
        _check_views(group, streams)


def check_prefixes(world: World) -> None:
    """At any moment: of every stream a prefix is applied, and nothing else."""
    streams = committed(world)
    for group in world.groups:
        versions: dict[str, list[int]] = defaultdict(list)
        for entry in group.storage.timeline().values():
            versions[entry["stream"]].append(entry["version"])
        for stream, found in versions.items():
            _expect(found, list(range(1, len(found) + 1)), f"{group.name}: timeline of {stream}")
            _expect(len(found) <= len(streams[stream]), True, f"{group.name}: phantom in {stream}")


def check_checkpoints(group: Group, partitions: Iterable[Partition]) -> None:
    """Checkpoints never go back, whoever moves them."""
    for partition, position in group.next_offsets(partitions).items():
        before = group.reached.get(partition, 0)
        _expect(position >= before, True, f"{group.name}: {partition} went back to {position}")
        group.reached[partition] = position


def committed(world: World) -> Streams:
    """The events of each stream in commit order: 1, 2, 3 … or somebody won who should not."""
    streams: dict[str, list[Event]] = defaultdict(list)
    for store in world.stores.values():
        for commit in store.commits:
            streams[commit.stream] += commit.events
    for stream, events in streams.items():
        _expect([e.version for e in events], list(range(1, len(events) + 1)), f"store: {stream}")
    return streams


def _check_decisions(streams: Streams) -> None:
    """Every decision was made on the state that its commit follows."""
    for stream, events in streams.items():
        total, label = 0, ""
        for event in events:
            total += event.data.get("amount", 0)
            _expect(event.data.get("text") == label, False, f"{stream}: labelled as before")
            label = event.data.get("text", label)
        _expect(total <= LIMIT, True, f"{stream}: total {total} over the limit")


def _check_commands(world: World) -> None:
    """A command that was answered with events is in the store, once."""
    stored: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for store in world.stores.values():
        for commit in store.commits:
            stored[commit.command_id or ""].append(tuple(event.id for event in commit.events))
    for command, found in stored.items():
        _expect(len(found), 1, f"commits of command {command}")
    for job in world.answers:
        answer = job.answer
        if answer and answer.event_ids:
            command = job.origin.command_id or ""
            _expect(stored[command], [answer.event_ids], f"answer to {command}")


def _check_topics(world: World, streams: Streams) -> None:
    """Every stream can be read off its topic in order; first occurrences are in order.

    When a failed send may lose records in front of others, these others come early; then readers
    must find each version again after its predecessor.
    """
    read: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for records in world.log.records.values():
        for record in records:
            value = orjson.loads(record.value)
            read[value["stream"]].append((value["streamversion"], value["id"]))
    _expect(set(read), set(streams), "streams on the topics")
    for stream, events in streams.items():
        wanted = [(event.version, event.id) for event in events]
        found = _in_order(read[stream]) if world.plan.holes else list(dict.fromkeys(read[stream]))
        _expect(found, wanted, f"topic: {stream}")


def _in_order(read: list[tuple[int, str]]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for version, event_id in read:
        if version == len(found) + 1:
            found.append((version, event_id))
    return found


def _check_timeline(group: Group, streams: Streams) -> None:
    entries = group.storage.timeline()
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for key, entry in entries.items():
        _expect(key, f"{entry['stream']}@{entry['version']:010d}", f"{group.name}: _id")
        found[entry["stream"]].append((entry["version"], entry["event_id"]))
    for stream in {*streams, *found}:
        wanted = [(event.version, event.id) for event in streams.get(stream, ())]
        _expect(found[stream], wanted, f"{group.name}: timeline of {stream}")


def _check_views(group: Group, streams: Streams) -> None:
    skipped = {key for key, entry in group.storage.timeline().items() if "skipped" in entry}
    wanted = naive_views(streams, skipped)
    for name, documents in wanted.items():
        found = group.storage.collection(name)
        for key in {*documents, *found}:
            _expect(found.get(key), documents.get(key), f"{group.name}: {name} {key}")


def naive_views(streams: Streams, skipped: set[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """What `toy.views` say, computed one stream after the other in the plainest way."""
    views: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def document(view: str, key: str) -> dict[str, Any]:
        return views[view].setdefault(key, {"_id": key})

    for stream, events in sorted(streams.items()):
        for event in events:
            if f"{stream}@{event.version:010d}" in skipped:
                continue
            data = event.data
            thing = document("things", stream)
            thing["history"] = (thing.get("history", 7) * 31 + event.version) % 1_000_003
            count = document("types", event.type)
            count["count"] = count.get("count", 0) + 1
            if "amount" not in data:
                thing["label"] = data["text"]
                document("families", stream)["name"] = data["text"]
                continue
            thing["total"] = thing.get("total", 0) + data["amount"]
            family = document("families", data["parent"])
            family["children"] = family.get("children", 0) + data["amount"]
            if event.subject:
                customer = document("customers", event.subject)
                part = customer.setdefault(event.source, {"events": 0, "sum": Decimal(0)})
                part["events"] += 1
                part["sum"] += Decimal(data["amount"]) / 100
    return views


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise SimulationFailure(f"{what}: {found!r}, not {wanted!r}")
