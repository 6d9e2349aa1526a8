"""An import's own events: begun once, each row once, completed once."""

from __future__ import annotations

from deploy.importing.purchases_file import Fault
from deploy.importing.record import IMPORT, CompleteImport, Record, RejectRows, StartImport
from events.contracts.base import fact
from events.contracts.platform import ImportCompleted, ImportRowRejected, ImportStarted
from events.store.memory import MemoryEventStore
from tests.given import given

STARTED = fact(ImportStarted, import_id="i-1", source="shop", rows=3, dry_run=False)
REJECTED = fact(ImportRowRejected, import_id="i-1", row=2, reason="odd")
COMPLETED = fact(ImportCompleted, import_id="i-1", ok=2, failed=1)
START = StartImport("i-1", "shop", 3)
REJECT = RejectRows("i-1", [Fault(2, "odd")])
COMPLETE = CompleteImport("i-1", ok=2, failed=1)


def test_each_step_happens_once() -> None:
    given(IMPORT).when(START).then(STARTED)
    given(IMPORT, STARTED).when(START).then()
    given(IMPORT, STARTED).when(REJECT).then(REJECTED)
    given(IMPORT, STARTED, REJECTED).when(REJECT).then()
    given(IMPORT, STARTED, REJECTED).when(COMPLETE).then(COMPLETED)
    given(IMPORT, STARTED, REJECTED, COMPLETED).when(COMPLETE).then()


def test_only_rows_behind_the_last_recorded_one_are_added() -> None:
    more = RejectRows("i-1", [Fault(2, "odd"), Fault(3, "odder")])
    third = fact(ImportRowRejected, import_id="i-1", row=3, reason="odder")
    given(IMPORT, STARTED, REJECTED).when(more).then(third)


def test_nothing_is_recorded_of_an_import_that_has_not_begun() -> None:
    given(IMPORT).when(REJECT).rejected("not-found")
    given(IMPORT).when(COMPLETE).rejected("not-found")


def test_more_faults_than_a_commit_may_hold_are_several_commits() -> None:
    store = MemoryEventStore("platform")
    faults = [Fault(line, "odd") for line in range(250, 0, -1)]
    for _ in range(2):
        record = Record(store, "i-1")
        begun = record.start("shop", 250)
        record.complete(0, faults)
    events = [event for commit in store.commits for event in commit.events]
    assert begun == events[0].id
    assert [event.data["row"] for event in events[1:-1]] == list(range(1, 251))
    assert events[-1].data == {"import_id": "i-1", "ok": 0, "failed": 250}
