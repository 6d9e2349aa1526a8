"""Reading the CDNOW purchase history: customer, day, number of CDs, dollars, in columns.

    customer_id date number_of_cds dollar_value
     00001 19970101  1   11.77

A line that makes no sense becomes a `Fault` that names the line and the rule, never the value;
the lines after it go on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from events.contracts.sales import MAX_QUANTITY

CURRENCY = "USD"
HEADER = "customer_id"
COLUMNS = ("customer", "day", "quantity", "value")

EARLIEST = date(1900, 1, 1)
"""Older purchases are typing errors."""

_CUSTOMER = re.compile(r"[A-Za-z0-9]{1,40}")
_DAY = re.compile(r"[0-9]{8}")
_QUANTITY = re.compile(r"[0-9]{1,7}")
_VALUE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line. `nth` tells the purchases of a customer on one day apart: 1, 2, 3 by line."""

    line: int
    customer: str
    day: date
    nth: int
    quantity: int
    cents: int

    @property
    def key(self) -> str:
        """Names the row within its source; lines before it may come and go."""
        return f"{self.customer}/{self.day:%Y%m%d}/{self.nth}"

    @property
    def content(self) -> str:
        """What may not differ when the row is read again."""
        return f"{self.quantity} {self.cents} {CURRENCY}"

    @property
    def at(self) -> datetime:
        """The file knows days only: midnight, UTC."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)

    @property
    def value(self) -> Decimal:
        return Decimal(self.cents).scaleb(-2)


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that is left out, and the rule that it breaks."""

    line: int
    reason: str


class _Refused(Exception):
    """The message is the reason."""


def read(lines: Iterable[str], today: date) -> Iterator[Purchase | Fault]:
    """One for each line that is neither blank nor the header. `today` is the latest day allowed."""
    met: Counter[tuple[str, date]] = Counter()
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or (number == 1 and words[0] == HEADER):
            continue
        try:
            yield _purchase(number, words, today, met)
        except _Refused as refused:
            yield Fault(number, str(refused))


def _purchase(
    number: int, words: list[str], today: date, met: Counter[tuple[str, date]]
) -> Purchase:
    if len(words) != len(COLUMNS):
        raise _Refused(f"{len(COLUMNS)} columns are expected: {', '.join(COLUMNS)}")
    customer, day = _customer(words[0]), _day(words[1], today)
    # Counted before the rest is looked at: correcting a line must not rename those after it.
    met[customer, day] += 1
    return Purchase(
        number, customer, day, met[customer, day], _quantity(words[2]), _cents(words[3])
    )


def _customer(text: str) -> str:
    if not _CUSTOMER.fullmatch(text):
        raise _Refused("the customer is not a number or a short code")
    return text


def _day(text: str, today: date) -> date:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise _Refused("the day is not a date of the form YYYYMMDD") from None
    if not EARLIEST <= day <= today:
        raise _Refused("the day lies before 1900 or in the future")
    return day


def _quantity(text: str) -> int:
    if not _QUANTITY.fullmatch(text) or not 1 <= int(text) <= MAX_QUANTITY:
        raise _Refused(f"the quantity is not a whole number from 1 to {MAX_QUANTITY}")
    return int(text)


def _cents(text: str) -> int:
    """Zero is a value: somebody may get a CD for nothing."""
    found = _VALUE.fullmatch(text)
    if not found:
        raise _Refused("the value is not an amount from 0 with at most two decimals")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
