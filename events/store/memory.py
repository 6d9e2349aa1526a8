"""The store in memory: for unit tests and the simulation, held to the same conformance suite."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from events.envelope import Commit
from events.errors import KeyReused, RuleBroken, ThroughlineError, VersionConflict
from events.store.port import Appended, Receipt, check_caps, check_contiguous
from events.types import EMPTY, StreamId, Version


class MemoryEventStore:
    """Commits in commit order, which is what a change feed reads them in."""

    def __init__(self, context: str, epoch: int = 1) -> None:
        self.context = context
        self.epoch = epoch
        self.commits: list[Commit] = []
        self._lock = threading.Lock()
        self._by_id: dict[str, Commit] = {}
        self._streams: dict[str, list[Commit]] = {}
        self._commands: dict[str, Commit | Receipt] = {}
        self._claims: dict[str, str] = {}

    def load(self, stream: StreamId, after: Version = EMPTY) -> Sequence[Commit]:
        with self._lock:
            commits = [c for c in self._streams.get(stream, ()) if c.first > after]
        check_contiguous(stream, commits, after)
        return commits

    def append(self, commit: Commit, claims: Sequence[str] = ()) -> Appended:
        check_caps(commit)
        with self._lock:
            known = self._commands.get(commit.command_id or "")
            if isinstance(known, Commit):
                if known.command_hash != commit.command_hash:
                    raise KeyReused(commit.command_id or "")
                return Appended(known, replayed=True)
            if known and commit.command_hash:
                raise KeyReused(commit.command_id or "")
            if commit.id in self._by_id:
                raise VersionConflict(commit.stream, commit.first)
            self._reserve(commit, claims)
            self._keep(commit)
        return Appended(commit)

    def append_many(self, commits: Sequence[Commit]) -> Sequence[Appended | Exception]:
        return [self._try(commit) for commit in commits]

    def find_command(self, command_id: str) -> Commit | Receipt | None:
        with self._lock:
            return self._commands.get(command_id)

    def remember(self, receipt: Receipt) -> None:
        with self._lock:
            self._commands.setdefault(receipt.command_id, receipt)

    def _try(self, commit: Commit) -> Appended | Exception:
        try:
            return self.append(commit)
        except ThroughlineError as error:
            return error

    def _reserve(self, commit: Commit, claims: Sequence[str]) -> None:
        for claim in claims:
            holder = self._claims.get(claim, commit.stream)
            if holder != commit.stream:
                raise RuleBroken("claim-taken", f"{claim} belongs to {holder}", claim=claim)
        self._claims.update((claim, commit.stream) for claim in claims)

    def _keep(self, commit: Commit) -> None:
        self.commits.append(commit)
        self._by_id[commit.id] = commit
        self._streams.setdefault(commit.stream, []).append(commit)
        if commit.command_id:
            self._commands[commit.command_id] = commit
