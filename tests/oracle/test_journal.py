"""What a killed client had been told can still be read."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.journal import Answer, Journal, read

ONE = Answer("k-1", "sales", "order-7", 2, ("e-1", "e-2"))


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.write("sent", key="k-1", service="sales")
    journal.answered(ONE)
    journal.write("sent", key="k-2", service="sales")
    journal.write("sent", key="k-3", service="marketing")
    journal.write("refused", key="k-3", status=422)
    journal.write("read", stale=False, broken="lacks order-7@2")
    journal.close()
    ledger = read(journal.path)
    assert ledger.acknowledged == [ONE]
    assert ledger.unanswered == ["k-2"]
    assert ledger.refused == {"k-3": 422}
    assert ledger.broken_reads == ["lacks order-7@2"]
    assert list(ONE.placed()) == [(1, "e-1"), (2, "e-2")]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.answered(ONE)
    journal.close()
    with journal.path.open("ab") as file:
        file.write(b'{"what": "answered", "key": "k-2", "stre')
    assert read(journal.path).acknowledged == [ONE]
