"""Lines become purchases or faults, and a fault says which rule, never which value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from deploy.importing.purchases_file import Fault, Purchase, read

TODAY = date(2026, 1, 31)


def rows(*lines: str) -> list[Purchase | Fault]:
    return list(read(lines, TODAY))


def purchase(line: str) -> Purchase:
    (row,) = rows(line)
    assert isinstance(row, Purchase)
    return row


def test_a_line_is_a_purchase() -> None:
    row = purchase(" 00001 19970101  2   11.77\r\n")
    assert row == Purchase(1, "00001", date(1997, 1, 1), 1, 2, 1177)
    assert row.at == datetime(1997, 1, 1, tzinfo=UTC)
    assert row.value == Decimal("11.77")
    assert row.key == "00001/19970101/1"


def test_header_and_blank_lines_are_no_rows_but_count_as_lines() -> None:
    found = rows("customer_id date number_of_cds dollar_value", "", "00001 19970101 1 1.00", "  ")
    assert [row.line for row in found] == [3]


def test_a_header_further_down_is_a_bad_row() -> None:
    first, second = rows("00001 19970101 1 1.00", "customer_id date number_of_cds dollar_value")
    assert isinstance(first, Purchase)
    assert isinstance(second, Fault)


@pytest.mark.parametrize(
    ("text", "cents"), [("0.00", 0), ("0", 0), ("12", 1200), ("12.5", 1250), ("1286.01", 128601)]
)
def test_values_are_exact_cents(text: str, cents: int) -> None:
    assert purchase(f"00001 19970101 1 {text}").cents == cents


def test_purchases_of_one_customer_on_one_day_are_told_apart() -> None:
    line = "00001 19970101 1 1.00"
    found = rows(line, line, "00002 19970101 1 1.00", line)
    keys = [row.key for row in found if isinstance(row, Purchase)]
    assert keys == [
        "00001/19970101/1",
        "00001/19970101/2",
        "00002/19970101/1",
        "00001/19970101/3",
    ]


def test_correcting_a_bad_line_renames_no_other() -> None:
    good = "00001 19970101 1 1.00"
    bad = rows("00001 19970101 none 1.00", good)
    mended = rows("00001 19970101 3 1.00", good)
    assert isinstance(bad[0], Fault)
    assert bad[1] == mended[1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("00001 19970101 1", "4 columns"),
        ("00004 0001 19970101 2 29.33", "4 columns"),
        ("00001,19970101,1,11.77", "4 columns"),
        ("a/b 19970101 1 1.00", "customer"),
        ("00001 19970230 1 1.00", "not a date"),
        ("00001 1997-1-1 1 1.00", "not a date"),
        ("00001 ١٩٩٧٠١٠١ 1 1.00", "not a date"),
        ("00001 18991231 1 1.00", "before 1900 or in the future"),
        ("00001 20260201 1 1.00", "before 1900 or in the future"),
        ("00001 19970101 0 1.00", "quantity"),
        ("00001 19970101 -1 1.00", "quantity"),
        ("00001 19970101 1.5 1.00", "quantity"),
        ("00001 19970101 1000001 1.00", "quantity"),
        ("00001 19970101 1 -1.00", "value"),
        ("00001 19970101 1 1.005", "value"),
        ("00001 19970101 1 1,00", "value"),
        ("00001 19970101 1 1e3", "value"),
        ("00001 19970101 1 NaN", "value"),
        ("\ufffd\ufffd 19970101 1 1.00", "customer"),
    ],
)
def test_a_bad_line_is_named_with_its_rule(line: str, reason: str) -> None:
    first, bad, last = rows("00001 19970101 1 1.00", line, "00001 19970102 1 1.00")
    assert isinstance(bad, Fault)
    assert bad.line == 2
    assert reason in bad.reason
    assert isinstance(first, Purchase)
    assert isinstance(last, Purchase)


@given(some.lists(some.text(max_size=40), max_size=5))
def test_no_text_stops_the_reading(lines: list[str]) -> None:
    wanted = [number for number, line in enumerate(lines, start=1) if line.split()]
    header = bool(lines) and lines[0].split()[:1] == ["customer_id"]
    assert [row.line for row in rows(*lines)] == wanted[1 if header else 0 :]


@given(some.text(min_size=1, max_size=30).filter(lambda text: len(text.split()) == 1))
def test_a_reason_never_quotes_a_value(word: str) -> None:
    secret = f"S3CR3T{word}S3CR3T"
    for line in (f"{secret} 1 1 1", f"1 {secret} 1 1", f"1 19970101 {secret} 1"):
        for row in rows(line):
            assert isinstance(row, Purchase) or "S3CR3T" not in row.reason
