"""Named examples for the tests of the import."""

from __future__ import annotations

from datetime import date

from deploy.importing.history import History, of_lines

TODAY = date(2026, 1, 31)
SOURCE = "shop"

TINY = (
    "customer_id date number_of_cds dollar_value",
    " 00001 19970105  1   11.77",
    " 00002 19970112  1   12.00",
    " 00002 19970112  5   77.01",
    " 00001 19970101  3    0.00",
)
"""Two customers, four purchases; the first customer's earliest purchase comes last."""


def history(*lines: str, limit: int | None = None) -> History:
    return of_lines([f"{line}\r\n" for line in lines], SOURCE, TODAY, limit)


def tiny(limit: int | None = None) -> History:
    return history(*TINY, limit=limit)
