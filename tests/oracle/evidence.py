"""Everything that a system has stored, read once and indexed for the checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.oracle.logs import Record, Spot, opened
from tests.oracle.places import Db, Document, Places
from tests.oracle.seen import Seen, in_commit, in_entry


@dataclass(slots=True)
class Store:
    """One service's commits. Two events at one place are kept apart in `clashes`."""

    events: dict[str, Seen] = field(default_factory=dict)
    clashes: list[str] = field(default_factory=list)
    commits: list[Document] = field(default_factory=list)
    """Without the data of their events."""
    heads: dict[str, int] = field(default_factory=dict)
    """What the relay says it has published."""

    @classmethod
    def of(cls, db: Db) -> Store:
        store = cls(heads={one["_id"]: one["version"] for one in db["relay_heads"].find()})
        for commit in db["commits"].find().sort("_id", 1):
            for event in in_commit(commit):
                if event.place in store.events:
                    store.clashes.append(event.place)
                store.events[event.place] = event
            store.commits.append({**commit, "events": [one["id"] for one in commit["events"]]})
        return store


@dataclass(slots=True)
class Projection:
    """One service's read side: the pointer, the timeline of each version, the checkpoints."""

    pointer: Document
    timelines: dict[int, list[Seen]]
    checkpoints: dict[str, int]
    reacting: dict[str, int]
    topic_ids: dict[str, set[str]]

    @property
    def live(self) -> Sequence[Seen]:
        return self.timelines[self.pointer["live"]]

    @classmethod
    def of(cls, db: Db) -> Projection:
        pointer = db["projections"].find_one({"_id": "projection"}) or {"live": 1, "standby": None}
        kept = [version for version in (pointer["live"], pointer["standby"]) if version]
        rows = list(db["checkpoints"].find())
        topic_ids: dict[str, set[str]] = {}
        for row in rows:
            topic = row["_id"].split("/")[1]
            topic_ids.setdefault(topic, set()).add(row["topic_id"])
        return cls(
            pointer=pointer,
            timelines={
                version: [in_entry(entry) for entry in db[f"timeline_v{version}"].find()]
                for version in kept
            },
            checkpoints={row["_id"]: row["next_offset"] for row in rows},
            reacting={row["_id"]: row["next_offset"] for row in db["reaction_checkpoints"].find()},
            topic_ids=topic_ids,
        )


@dataclass(slots=True)
class Evidence:
    """`published` is the first record of each event; `records` are all of them."""

    stores: Mapping[str, Store]
    projections: Mapping[str, Projection]
    records: Sequence[Record]
    ends: Mapping[Spot, int]
    published: dict[str, Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for record in self.records:
            if record.event is not None:
                self.published.setdefault(record.event.place, record.event)

    @property
    def stored(self) -> dict[str, Seen]:
        """Every event of every store, by place."""
        return {
            place: event for store in self.stores.values() for place, event in store.events.items()
        }

    def in_order(self) -> list[Seen]:
        """Each stream's published events without a hole before them, streams one after another:
        enough to fold any read model."""
        whole: list[Seen] = []
        for event in sorted(self.published.values(), key=lambda one: (one.stream, one.version)):
            before = whole[-1] if whole else None
            follows = before is not None and before.stream == event.stream
            if event.version == (before.version + 1 if before and follows else 1):
                whole.append(event)
        return whole


def gather(places: Places) -> Evidence:
    """Reads everything. The system should be at rest, or else its motion is reported as damage."""
    with places.databases() as databases, opened(places) as log:
        return Evidence(
            stores={service: Store.of(db) for service, db in databases.items()},
            projections={service: Projection.of(db) for service, db in databases.items()},
            records=list(log.records()),
            ends=log.ends(),
        )
