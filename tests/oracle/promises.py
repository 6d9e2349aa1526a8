"""What was promised to clients: acknowledged means stored, once; a fresh read shows the write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.oracle.evidence import Evidence, Store
from tests.oracle.findings import Finding
from tests.oracle.journal import Answer, Ledger


def check_promises(ledger: Ledger, evidence: Evidence) -> Iterator[Finding]:
    for one in ledger.acknowledged:
        yield from _kept(one, evidence.stores[one.service])
    for key, answers in ledger.answers.items():
        if len({(one.stream, one.version, one.events) for one in answers}) > 1:
            yield Finding("doubled", "answers", f"{key} was answered in different ways")
    for service, store in evidence.stores.items():
        yield from _once(service, store)
        yield from _asked_for(service, store, ledger.services)
    for broken in ledger.broken_reads:
        yield Finding("read", "fresh read", broken)


def _kept(one: Answer, store: Store) -> Iterator[Finding]:
    for version, event_id in one.placed():
        place = f"{one.stream}@{version:010d}"
        found = store.events.get(place)
        if found is None or found.id != event_id:
            yield Finding("lost", f"{one.service} store", f"{place} was acknowledged: {event_id}")


def _once(service: str, store: Store) -> Iterator[Finding]:
    where = f"{service} store"
    commands = Counter(one["command_id"] for one in store.commits if "command_id" in one)
    for command, times in commands.items():
        if times > 1:
            yield Finding("doubled", where, f"{times} commits of command {command!r}")
    ids = Counter(event.id for event in store.events.values())
    for event_id, times in ids.items():
        if times > 1:
            yield Finding("doubled", where, f"event id {event_id} is used {times} times")
    for place in store.clashes:
        yield Finding("doubled", where, f"two events at {place}")


def _asked_for(service: str, store: Store, asked: Mapping[str, str]) -> Iterator[Finding]:
    """Every commit of a client answers one request of the journal; the key is its correlation."""
    where = f"{service} store"
    led_to = Counter[str]()
    for commit in store.commits:
        if commit["actor"] != "oracle":
            continue
        if asked.get(commit["correlation_id"]) != service:
            yield Finding("phantom", where, f"nobody asked for {commit['_id']}")
        led_to[commit["correlation_id"]] += 1
    for key, times in led_to.items():
        if times > 1:
            yield Finding("doubled", where, f"request {key} led to {times} commits")
