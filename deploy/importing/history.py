"""A file, read whole: its purchases, its faults, and who bought first when.

The whole file is in memory: first purchases are only known at the end, and some ten megabytes
for 70,000 rows are cheaper than reading twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from deploy.importing import identity
from deploy.importing.purchases_file import Fault, Purchase, read


@dataclass(frozen=True, slots=True)
class History:
    """`firsts` holds each customer's earliest purchase, in order of appearance."""

    source: str
    import_id: str
    purchases: Sequence[Purchase]
    faults: Sequence[Fault]
    firsts: dict[str, Purchase]

    @property
    def rows(self) -> int:
        return len(self.purchases) + len(self.faults)

    def chunks(self, size: int) -> Iterator[tuple[list[Purchase], Sequence[Purchase]]]:
        """The first purchases of customers who appear for the first time, then all purchases."""
        met: set[str] = set()
        for at in range(0, len(self.purchases), size):
            chunk = self.purchases[at : at + size]
            strangers = dict.fromkeys(one.customer for one in chunk if one.customer not in met)
            met.update(strangers)
            yield [self.firsts[name] for name in strangers], chunk


def load(path: Path, source: str, today: date, limit: int | None = None) -> History:
    """`limit` takes the first rows only. Raises OSError."""
    # Only line ends may end a line: a stray form feed must not shift the line numbers.
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = list(file)
    return of_lines(lines, source, today, limit)


def of_lines(lines: list[str], source: str, today: date, limit: int | None = None) -> History:
    rows = list(islice(read(lines, today), limit))
    purchases = [row for row in rows if isinstance(row, Purchase)]
    used = lines if limit is None else lines[: rows[-1].line] if rows else []
    return History(
        source=source,
        import_id=identity.import_id(source, used),
        purchases=purchases,
        faults=[row for row in rows if isinstance(row, Fault)],
        firsts=_firsts(purchases),
    )


def _firsts(purchases: Sequence[Purchase]) -> dict[str, Purchase]:
    firsts: dict[str, Purchase] = {}
    for one in purchases:
        before = firsts.setdefault(one.customer, one)
        if one.day < before.day:
            firsts[one.customer] = one
    return firsts
