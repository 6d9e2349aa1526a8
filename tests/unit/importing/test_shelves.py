"""What is decided anew, what is there already, what has changed."""

from __future__ import annotations

from dataclasses import replace

from deploy.importing.drafts import Cause, Draft, Drafts
from deploy.importing.purchases_file import Fault
from deploy.importing.shelves import CHANGED, decide
from events.envelope import Commit
from events.errors import FieldFault, Invalid, RuleBroken
from events.store.memory import MemoryEventStore
from tests.unit.importing.mothers import SOURCE, tiny


def drafts() -> list[Draft]:
    nowhere = MemoryEventStore("sales")
    made = Drafts(SOURCE, Cause("i-1"), marketing=nowhere, sales=nowhere)
    return [made.order(purchase) for purchase in tiny().purchases]


def test_only_what_the_store_lacks_is_decided() -> None:
    first, second, *rest = drafts()
    known = {first.command_id: first.content_hash, second.command_id: "another"}
    decided = decide([first, second, *rest], known)
    assert [line for line, _ in decided.commits] == [draft.line for draft in rest]
    assert decided.settled.already == 1
    assert decided.settled.faults == [Fault(second.line, CHANGED)]


def test_a_row_that_a_rule_refuses_is_left_out_with_rule_and_field() -> None:
    def invalid() -> Commit:
        raise Invalid("7 is odd", [FieldFault("/lines/0/qty", "7 is odd")])

    def broken() -> Commit:
        raise RuleBroken("total-mismatch", "7 is not 8")

    first, second, *_ = drafts()
    decided = decide([replace(first, decide=invalid), replace(second, decide=broken)], {})
    assert decided.commits == []
    assert [fault.reason for fault in decided.settled.faults] == [
        "refused: invalid /lines/0/qty",
        "refused: total-mismatch",
    ]
