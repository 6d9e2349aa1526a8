"""Waiting until a system has come to rest: nothing left to publish, to project, to react to.

It is found out by comparing positions, not by waiting long enough: published heads with stored
ones, checkpoints with the ends of the topics, and all of that between two equal counts of commits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from kafka.errors import KafkaError
from pymongo.errors import PyMongoError

from tests.oracle.findings import Finding
from tests.oracle.logs import Log, Spot, opened
from tests.oracle.places import Db, Places

POLL_SECONDS = 0.1


def wait_until_quiet(
    places: Places, seconds: float, meanwhile: Callable[[], object] = lambda: None
) -> list[Finding]:
    """No findings when it came to rest in time, else what is still to be done.

    `meanwhile` is called between looks: for systems whose parts the caller steps himself.
    """
    deadline = time.monotonic() + seconds
    reasons = ["nothing could be read"]
    while True:
        meanwhile()
        try:
            with places.databases() as databases, opened(places) as log:
                while reasons and time.monotonic() < deadline:
                    reasons = look(databases, log)
                    if reasons:
                        meanwhile()
                        time.sleep(POLL_SECONDS)
                return [Finding("stuck", "at the end", reason) for reason in reasons]
        except (KafkaError, PyMongoError) as error:
            if time.monotonic() > deadline:
                return [Finding("stuck", "servers", f"{type(error).__name__}: {error}"[:200])]


def look(databases: Mapping[str, Db], log: Log) -> list[str]:
    """What keeps the system from being at rest; nothing when it is."""
    before = _commits(databases)
    reasons = [reason for service, db in databases.items() for reason in _unpublished(service, db)]
    ends = log.ends()
    for service, db in databases.items():
        reasons.extend(_behind(service, db, ends))
    if _commits(databases) != before:
        reasons.append("commits are being written")
    return reasons


def _commits(databases: Mapping[str, Db]) -> list[int]:
    return [db["commits"].estimated_document_count() for db in databases.values()]


def _unpublished(service: str, db: Db) -> list[str]:
    heads = {one["_id"]: one["version"] for one in db["relay_heads"].find()}
    behind = [
        one["_id"]
        for one in db["commits"].aggregate(
            [{"$group": {"_id": "$stream", "last": {"$max": "$last"}}}]
        )
        if heads.get(one["_id"], 0) < one["last"]
    ]
    return (
        [f"{service}: {len(behind)} streams not published, such as {behind[0]}"] if behind else []
    )


def _behind(service: str, db: Db, ends: Mapping[Spot, int]) -> list[str]:
    pointer = db["projections"].find_one({"_id": "projection"})
    if pointer is None:
        return [f"{service}: no projection yet"]
    reasons = []
    kept = [version for version in (pointer["live"], pointer["standby"]) if version]
    checkpoints = {one["_id"]: one["next_offset"] for one in db["checkpoints"].find()}
    for version in kept:
        reasons.extend(_lag(f"{service}: projection v{version}", f"v{version}/", checkpoints, ends))
    reacting = {one["_id"]: one["next_offset"] for one in db["reaction_checkpoints"].find()}
    if reacting:
        reasons.extend(_lag(f"{service}: reactions", "", reacting, ends))
    waiting = db["reactions_waiting"].count_documents({})
    return [*reasons, *([f"{service}: {waiting} reactions set aside"] if waiting else [])]


def _lag(
    who: str, prefix: str, positions: Mapping[str, int], ends: Mapping[Spot, int]
) -> list[str]:
    behind = {
        str(spot): end - positions.get(f"{prefix}{spot}", 0)
        for spot, end in ends.items()
        if positions.get(f"{prefix}{spot}", 0) < end
    }
    return [f"{who} is {sum(behind.values())} records behind on {', '.join(behind)}"] * bool(behind)
