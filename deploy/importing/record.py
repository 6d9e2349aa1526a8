"""The import itself, as events of the platform: begun, rows left out, completed.

An import is one stream, named after its lines. Running it again, or on after a kill, adds only
what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from deploy.importing.purchases_file import Fault
from events.commands import Commands
from events.contracts.base import Fact, fact
from events.contracts.platform import ImportCompleted, ImportRowRejected, ImportStarted
from events.deciding import Decider, Origin, Scope
from events.errors import NotFound
from events.store.port import MAX_EVENTS, EventStore
from events.types import StreamId, utc_now


@dataclass(frozen=True, slots=True)
class StartImport:
    import_id: str
    source: str
    rows: int


@dataclass(frozen=True, slots=True)
class RejectRows:
    """In order of their lines: those up to the last one recorded are taken as recorded."""

    import_id: str
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class CompleteImport:
    import_id: str
    ok: int
    failed: int


ImportCommand: TypeAlias = StartImport | RejectRows | CompleteImport


@dataclass(frozen=True, slots=True)
class Import:
    """`last_line` is that of the last row rejected."""

    started: bool = False
    last_line: int = 0
    completed: bool = False


def decide(state: Import, command: ImportCommand) -> Sequence[Fact]:
    """Raises NotFound before the start. What is known already yields no facts."""
    name = command.import_id
    if isinstance(command, StartImport):
        if state.started:
            return []
        begun = {"source": command.source, "rows": command.rows, "dry_run": False}
        return [fact(ImportStarted, import_id=name, **begun)]
    if not state.started:
        raise NotFound("import", name)
    if state.completed:
        return []
    if isinstance(command, RejectRows):
        return [_rejected(name, one) for one in command.faults if one.line > state.last_line]
    return [fact(ImportCompleted, import_id=name, ok=command.ok, failed=command.failed)]


def _rejected(import_id: str, fault: Fault) -> Fact:
    return fact(ImportRowRejected, import_id=import_id, row=fault.line, reason=fault.reason)


def evolve(state: Import, one: Fact) -> Import:
    if one.type == ImportStarted.TYPE:
        return replace(state, started=True)
    if one.type == ImportRowRejected.TYPE:
        return replace(state, last_line=one.data["row"])
    if one.type == ImportCompleted.TYPE:
        return replace(state, completed=True)
    return state


IMPORT: Decider[Import, ImportCommand] = Decider(
    aggregate="import",
    initial=Import(),
    decide=decide,
    evolve=evolve,
    subject=lambda _: None,
    scope=lambda _: Scope(),
)


class Record:
    """Writes one import's events to the platform's store."""

    def __init__(self, store: EventStore, import_id: str) -> None:
        self._store = store
        self._commands = Commands(store)
        self._id = import_id

    def start(self, source: str, rows: int) -> str:
        """The id of the event that began it, now or at an earlier run."""
        self._execute(StartImport(self._id, source, rows))
        first = self._store.load(StreamId.of(IMPORT.aggregate, self._id))[0]
        return first.events[0].id

    def complete(self, ok: int, faults: Sequence[Fault]) -> None:
        """One fault a line at most."""
        rest = iter(sorted(faults, key=lambda fault: fault.line))
        while some := list(islice(rest, MAX_EVENTS)):
            self._execute(RejectRows(self._id, some))
        self._execute(CompleteImport(self._id, ok, len(faults)))

    def _execute(self, command: ImportCommand) -> None:
        self._commands.execute(IMPORT, self._id, command, self._origin(utc_now()))

    def _origin(self, at: datetime) -> Origin:
        return Origin(actor=f"import:{self._id}", occurred_at=at, correlation_id=self._id)
