"""Putting drafts into one service's store, many at a time, each exactly once.

What the store holds already is asked for first, in one query, so that running an import again
costs little. Between the question and the write somebody may be faster: the store's own unique
keys tell then, so the question is only ever a saving.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.importing.drafts import Draft
from deploy.importing.patience import patiently
from deploy.importing.purchases_file import Fault
from events.envelope import Commit
from events.errors import Conflict, Invalid, KeyReused, Rejected, Transient
from events.store.mongo import MongoEventStore
from events.store.port import Appended

CHANGED = "the row was imported before with another content"


@dataclass(slots=True)
class Settled:
    """What became of some drafts; every one of them is counted once."""

    new: int = 0
    already: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: Settled) -> None:
        self.new += other.new
        self.already += other.already
        self.faults += other.faults


@dataclass(slots=True)
class Decided:
    """Commits to append, each with the line that it comes from, and what is settled already."""

    commits: list[tuple[int, Commit]] = field(default_factory=list)
    settled: Settled = field(default_factory=Settled)


def decide(drafts: Iterable[Draft], known: Mapping[str, str | None]) -> Decided:
    """`known` maps the command ids that a store holds to the hashes of their contents."""
    decided = Decided()
    for draft in drafts:
        if draft.command_id not in known:
            _decide_one(draft, decided)
        elif known[draft.command_id] == draft.content_hash:
            decided.settled.already += 1
        else:
            decided.settled.faults.append(Fault(draft.line, CHANGED))
    return decided


def _decide_one(draft: Draft, decided: Decided) -> None:
    try:
        decided.commits.append((draft.line, draft.decide()))
    except Rejected as rejected:
        decided.settled.faults.append(Fault(draft.line, _reason(rejected)))


def _reason(rejected: Rejected) -> str:
    """Names the rule and the fields, never a value."""
    fields = [fault.pointer for fault in rejected.faults] if isinstance(rejected, Invalid) else []
    return " ".join(["refused:", rejected.code, *fields])[:200]


class Shelf:
    """One service's store, as an import uses it. May be used by two threads."""

    def __init__(self, store: MongoEventStore) -> None:
        self.store = store

    def decide(self, drafts: Sequence[Draft]) -> Decided:
        """Decides what is not there yet."""
        return decide(drafts, self.known([draft.command_id for draft in drafts]))

    def known(self, command_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Those of the commands that the store holds, with the hashes of their contents."""
        # Only with `$type` does the server see that the partial index will do.
        wanted = {"command_id": {"$in": list(command_ids), "$type": "string"}}
        shape = {"_id": 0, "command_id": 1, "command_hash": 1}
        commits = self.store.db["commits"]
        found = patiently(lambda: list(commits.find(wanted, shape)))
        return {one["command_id"]: one.get("command_hash") for one in found}

    def put(self, decided: Decided) -> Settled:
        """Appends; returns when all of it is durable. Raises `Transient` when that fails."""
        settled = decided.settled
        if decided.commits:
            commits = [commit for _, commit in decided.commits]
            outcomes = patiently(lambda: self._append(commits))
            for (line, commit), outcome in zip(decided.commits, outcomes, strict=True):
                _settle(settled, line, commit, outcome)
        return settled

    def _append(self, commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        outcomes = self.store.append_many(commits)
        for outcome in outcomes:
            if isinstance(outcome, Transient):
                raise outcome
        return outcomes


def _settle(settled: Settled, line: int, commit: Commit, outcome: Appended | Exception) -> None:
    if isinstance(outcome, KeyReused | Conflict):
        settled.faults.append(Fault(line, CHANGED))
    elif isinstance(outcome, Exception):
        raise outcome
    elif outcome.commit.events[0].id == commit.events[0].id:
        settled.new += 1  # also when a first answer was lost and we had to ask twice
    else:
        settled.already += 1
