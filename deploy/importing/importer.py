"""The import from the first line to the last event published.

Rows are decided and appended in chunks: customers into marketing's store, orders into sales'.
While one chunk is being written the next one is being decided. Nothing here depends on a service
running; those that run see these events as they see any others, except that no reaction fires.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from deploy.importing import identity
from deploy.importing.drafts import Cause, Drafts
from deploy.importing.history import History
from deploy.importing.places import Places
from deploy.importing.progress import Tell, silent
from deploy.importing.publishing import publish
from deploy.importing.purchases_file import Fault
from deploy.importing.record import Record
from deploy.importing.shelves import Decided, Settled, Shelf, decide
from deploy.importing.totals import Totals, held, told
from events.crashing import crash_point
from events.store.memory import MemoryEventStore

CHUNK = 1000
"""Rows decided and appended together: one write of about a megabyte."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all rows. `held` and `published` are None after a rehearsal.

    `faults` has one entry for each row that was left out, in order of the lines.
    """

    history: History
    customers: Settled
    purchases: Settled
    faults: Sequence[Fault]
    told: Totals
    held: Totals | None = None
    published: bool | None = None

    @property
    def good(self) -> bool:
        return not self.faults and self.published is not False and self.held in (None, self.told)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Decided, to be written; `done` rows are behind it when it is."""

    customers: Decided
    purchases: Decided
    done: int


@dataclass(slots=True)
class _Tally:
    customers: Settled = field(default_factory=Settled)
    purchases: Settled = field(default_factory=Settled)

    def faults(self, history: History) -> Sequence[Fault]:
        """One a line, although a customer and a purchase may both fail in it."""
        every = (*history.faults, *self.customers.faults, *self.purchases.faults)
        by_line = {fault.line: fault for fault in every}
        return [by_line[line] for line in sorted(by_line)]


def rehearse(history: History, tell: Tell = silent) -> Outcome:
    """Reads and decides everything, and writes nothing: no server is needed, none is asked."""
    nowhere = MemoryEventStore("nowhere")
    drafts = Drafts(history.source, Cause(history.import_id), marketing=nowhere, sales=nowhere)
    tally = _Tally()
    done = 0
    for strangers, purchases in history.chunks(CHUNK):
        customers = decide(map(drafts.customer, strangers), {})
        orders = decide(map(drafts.order, purchases), {})
        for decided, settled in ((customers, tally.customers), (orders, tally.purchases)):
            settled.add(decided.settled)
            settled.new += len(decided.commits)
        done += len(purchases)
        tell(done)
    return _outcome(history, tally)


def perform(history: History, places: Places, tell: Tell = silent, chunk: int = CHUNK) -> Outcome:
    """Imports what is not there yet. Raises `Transient` when a server stays away too long."""
    places.prepare()
    record = Record(places.platform, history.import_id)
    started = record.start(history.source, history.rows)
    tally = _Importer(history, places, Cause(history.import_id, started)).run(tell, chunk)
    faults = tally.faults(history)
    record.complete(history.rows - len(faults), faults)
    return _outcome(
        history,
        tally,
        held=_held(history, places),
        published=publish(places.platform.db, places.config),
    )


class _Importer:
    """One run over the rows."""

    def __init__(self, history: History, places: Places, cause: Cause) -> None:
        self._history = history
        self._marketing = Shelf(places.marketing)
        self._sales = Shelf(places.sales)
        self._drafts = Drafts(history.source, cause, marketing=places.marketing, sales=places.sales)

    def run(self, tell: Tell, size: int) -> _Tally:
        tally = _Tally()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer") as writer:
            writing: Future[int] | None = None
            for chunk in self._decided(size):
                _finish(writing, tell)
                writing = writer.submit(self._write, chunk, tally)
            _finish(writing, tell)
        return tally

    def _decided(self, size: int) -> Iterable[_Chunk]:
        done = 0
        for strangers, purchases in self._history.chunks(size):
            done += len(purchases)
            yield _Chunk(
                self._marketing.decide([self._drafts.customer(one) for one in strangers]),
                self._sales.decide([self._drafts.order(one) for one in purchases]),
                done,
            )

    def _write(self, chunk: _Chunk, tally: _Tally) -> int:
        """Customers first, so that nobody need wonder for long whose order it is."""
        tally.customers.add(self._marketing.put(chunk.customers))
        crash_point("import.after_append")
        tally.purchases.add(self._sales.put(chunk.purchases))
        crash_point("import.after_append")
        return chunk.done


def _finish(writing: Future[int] | None, tell: Tell) -> None:
    if writing is not None:
        tell(writing.result())


def _held(history: History, places: Places) -> Totals:
    def ids(keys: Iterable[str]) -> list[str]:
        return [identity.command_id(history.source, key) for key in keys]

    return held(
        places.marketing.db,
        ids(history.firsts),
        places.sales.db,
        ids(one.key for one in history.purchases),
    )


def _outcome(
    history: History, tally: _Tally, held: Totals | None = None, published: bool | None = None
) -> Outcome:
    return Outcome(
        history=history,
        customers=tally.customers,
        purchases=tally.purchases,
        faults=tally.faults(history),
        told=told(history.purchases),
        held=held,
        published=published,
    )
