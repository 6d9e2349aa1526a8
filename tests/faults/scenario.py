"""One scenario: load, a fault, recovery, rest, and the oracle's verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

from tests.faults.fleet import Fleet, wait_for
from tests.faults.summary import Summary
from tests.oracle.evidence import Evidence, gather
from tests.oracle.findings import Finding, counted, told
from tests.oracle.journal import Ledger

RATE = 25.0
"""Commands a second; the machine also runs everything else."""

WARM_UP = 25
RECOVERED = 50
"""Acknowledgements before the fault, and after it, before the load ends."""

RECOVER_SECONDS = 120.0
REST_SECONDS = 120.0


def play(
    name: str,
    fleet: Fleet,
    seed: int,
    fault: Callable[[], Mapping[str, int]],
    *,
    rate: float = RATE,
    rebuild: bool = False,
) -> Summary:
    """Raises AssertionError with the findings when there are any. `fault` counts what it did."""
    started, before = time.monotonic(), fleet.ledger()
    load = fleet.load(seed, rate)
    try:
        _wait_for_answers(fleet, WARM_UP, f"{name}: load")
        faults = fault()
        _wait_for_answers(fleet, RECOVERED, f"{name}: recovery")
    finally:
        load.stop()
    fleet.wait_ready()
    if rebuild:
        fleet.rebuild_all()
    findings = fleet.judge(REST_SECONDS)
    seconds = time.monotonic() - started
    summary = summarize(name, fleet, seed, seconds, before, faults, findings)
    if findings:
        raise AssertionError(f"{summary.table()}\n{told(findings)}\nlogs: {fleet.folder}")
    return summary


def summarize(
    name: str,
    fleet: Fleet,
    seed: int,
    seconds: float,
    before: Ledger,
    faults: Mapping[str, int],
    findings: list[Finding],
) -> Summary:
    """Figures of this scenario; records and deaths are the whole fleet's so far."""
    after = fleet.ledger()
    sent_again, early = _repeats(gather(fleet.places))
    return Summary(
        scenario=name,
        seed=seed,
        seconds=round(seconds, 1),
        commands=len(after.services) - len(before.services),
        acknowledged=len(after.answers) - len(before.answers),
        refused=len(after.refused) - len(before.refused),
        unanswered=len(after.unanswered) - len(before.unanswered),
        reads=after.reads - before.reads,
        stale_reads=after.stale_reads - before.stale_reads,
        deaths=fleet.keeper.deaths,
        faults=dict(faults),
        events=sum(len(store.events) for store in gather(fleet.places).stores.values()),
        sent_again=sent_again,
        early=early,
        findings=counted(findings),
    )


def _repeats(evidence: Evidence) -> tuple[int, int]:
    """(records that were sent again, records that came before their predecessor)."""
    seen: Counter[str] = Counter()
    reached: dict[str, int] = {}
    early = 0
    for record in evidence.records:
        if record.event is not None:
            seen[record.event.place] += 1
            last = reached.get(record.event.stream, 0)
            early += record.event.version > last + 1
            reached[record.event.stream] = max(last, record.event.version)
    return sum(seen.values()) - len(seen), early


def _wait_for_answers(fleet: Fleet, more: int, what: str) -> None:
    wanted = len(fleet.ledger().answers) + more
    wait_for(lambda: len(fleet.ledger().answers) >= wanted, RECOVER_SECONDS, what)
