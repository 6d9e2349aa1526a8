"""Reactions: each live event that is answered is answered exactly once.

A commit that a reaction made names the event as its cause. A qualified lead has one live place in
one pool: it waits there, or one seller has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tests.oracle.evidence import Evidence, Store
from tests.oracle.findings import Finding
from tests.oracle.seen import Seen

REACTION = "reaction:"


def check_reactions(evidence: Evidence) -> Iterator[Finding]:
    for service, store in evidence.stores.items():
        yield from _once(service, store)
    if "sales" in evidence.stores and "marketing" in evidence.stores:
        sales = evidence.stores["sales"].events.values()
        yield from _dealt(evidence, sales)
        yield from _one_holder(sales)


def _once(service: str, store: Store) -> Iterator[Finding]:
    """One reaction answers one event with one commit in a stream at most."""
    fired = Counter(
        (commit["actor"], commit["causation_id"], commit["stream"])
        for commit in store.commits
        if commit["actor"].startswith(REACTION)
    )
    for (actor, cause, stream), times in fired.items():
        if times > 1:
            what = f"answered event {cause} {times} times in {stream}"
            yield Finding("reaction", f"{service} {actor}", what)


def _dealt(evidence: Evidence, sales: Iterable[Seen]) -> Iterator[Finding]:
    answered = Counter(
        (event.causation, event.data["lead_id"])
        for event in sales
        if event.fact in ("pool.lead_assigned", "pool.lead_queued")
    )
    for event in evidence.stores["marketing"].events.values():
        if event.fact == "lead.qualified" and not event.backfilled:
            times = answered[event.id, event.data["lead_id"]]
            if times != 1:
                what = f"lead {event.data['lead_id']} was dealt {times} times"
                yield Finding("reaction", "sales reaction:deal-lead", what)


def _one_holder(sales: Iterable[Seen]) -> Iterator[Finding]:
    """Folds every pool: who holds each lead at the end."""
    holders: dict[str, set[tuple[str, str]]] = {}
    for event in sorted(sales, key=lambda one: (one.stream, one.version)):
        if event.aggregate != "pool" or "lead_id" not in event.data:
            continue
        held = holders.setdefault(event.data["lead_id"], set())
        if event.fact in ("pool.lead_assigned", "pool.lead_accepted"):
            held.add((event.stream, event.data["seller_id"]))
        elif event.fact in ("pool.lead_returned", "pool.lead_released"):
            held.discard((event.stream, event.data["seller_id"]))
    for lead, held in holders.items():
        if len(held) > 1:
            yield Finding("reaction", "pools", f"lead {lead} has {len(held)} live assignments")
