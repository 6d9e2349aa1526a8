"""A file as a whole: who bought first, what an import is called, and the real CDNOW history."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.importing.drafts import lines_of
from deploy.importing.history import History, load
from deploy.importing.importer import rehearse
from deploy.importing.totals import Totals, told
from deploy.local.paths import purchases_folder
from events.contracts.money import total
from tests.unit.importing.mothers import TINY, TODAY, history, tiny

REAL = purchases_folder() / "CDNOW_master.txt"


def test_customers_come_once_in_the_chunk_of_their_first_line() -> None:
    chunks = list(tiny().chunks(2))
    assert [[one.customer for one in strangers] for strangers, _ in chunks] == [
        ["00001", "00002"],
        [],
    ]
    assert [[one.line for one in purchases] for _, purchases in chunks] == [[2, 3], [4, 5]]


def test_the_first_purchase_is_the_earliest_not_the_topmost() -> None:
    assert {name: one.day for name, one in tiny().firsts.items()} == {
        "00001": date(1997, 1, 1),
        "00002": date(1997, 1, 12),
    }


def test_an_import_is_named_after_its_lines() -> None:
    assert tiny().import_id == tiny().import_id
    assert tiny(limit=3).import_id not in (tiny().import_id, tiny(limit=2).import_id)
    assert history(*TINY[:-1], TINY[-1].replace("0.00", "0.01")).import_id != tiny().import_id


def test_a_limit_counts_bad_rows_too() -> None:
    found = history("nonsense", *TINY[1:], limit=2)
    assert (len(found.purchases), len(found.faults), found.rows) == (1, 1, 2)


def test_an_empty_file_is_an_empty_history(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    found = load(empty, "shop", TODAY, limit=3)
    assert found.rows == 0
    assert told(found.purchases) == Totals()


def test_bytes_that_are_no_text_are_a_bad_row(tmp_path: Path) -> None:
    file = tmp_path / "odd.txt"
    file.write_bytes(
        b"00001 19970101 1 1.00\n\xff\xfe\x0c\x00 19970101 1 1.00\n00002 19970101 1 2\n"
    )
    found = load(file, "shop", TODAY)
    assert [fault.line for fault in found.faults] == [2]
    assert [one.line for one in found.purchases] == [1, 3]


def test_a_rehearsal_decides_every_row_and_counts_as_the_import_would() -> None:
    outcome = rehearse(history(*TINY, "00003 19970101 0 1.00"))
    assert (outcome.customers.new, outcome.purchases.new) == (2, 4)
    assert [fault.line for fault in outcome.faults] == [6]
    assert outcome.held is None
    assert not outcome.good
    assert rehearse(tiny()).good


@pytest.fixture(scope="module")
def real() -> History:
    assert REAL.exists(), "`make .venv/.installed-data` fetches the purchase history"
    return load(REAL, "cdnow", TODAY)


def test_the_real_history_is_read_to_the_last_row(real: History) -> None:
    rows = [line.split() for line in REAL.read_text().splitlines()[1:]]
    assert real.faults == []
    assert told(real.purchases) == Totals(
        customers=len({row[0] for row in rows}),
        purchases=len(rows),
        cds=sum(int(row[2]) for row in rows),
        money=sum((Decimal(row[3]) for row in rows), Decimal(0)),
    )
    assert told(real.purchases) == Totals(23_570, 69_659, 167_881, Decimal("2500315.63"))


def test_every_real_row_has_a_name_of_its_own(real: History) -> None:
    assert len({one.key for one in real.purchases}) == 69_659


def test_every_real_amount_is_kept_to_the_cent(real: History) -> None:
    for quantity, cents in {(one.quantity, one.cents) for one in real.purchases}:
        lines = lines_of(quantity, cents)
        assert (
            total("USD", (line.price * line.qty for line in lines)).amount == Decimal(cents) / 100
        )


def test_purchases_for_nothing_are_part_of_the_real_history(real: History) -> None:
    assert sum(one.cents == 0 for one in real.purchases) == 80
