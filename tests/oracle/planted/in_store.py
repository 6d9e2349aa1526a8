"""Bugs of the store: what is acknowledged, and what a retry does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from pymongo import ReplaceOne

from events.commands import Commands
from events.store.documents import to_document
from events.store.mongo import MongoEventStore
from events.store.port import Appended
from tests.oracle.planted import stories
from tests.oracle.planted.bug import Patch, bug


@bug(stories.trade, "lost")
def acknowledges_before_it_appends(patch: Patch) -> None:
    numbers, append = count(1), MongoEventStore.append

    def hasty(self: MongoEventStore, commit: Any, claims: Sequence[str] = ()) -> Appended:
        return Appended(commit) if next(numbers) % 3 == 0 else append(self, commit, claims)

    patch.setattr(MongoEventStore, "append", hasty)


@bug(stories.race, "lost")
def overwrites_instead_of_comparing(patch: Patch) -> None:
    def write(self: MongoEventStore, commits: Sequence[Any]) -> list[Appended]:
        documents = [to_document(commit) for commit in commits]
        self.db["commits"].bulk_write(
            [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in documents]
        )
        return [Appended(commit) for commit in commits]

    patch.setattr(MongoEventStore, "_write", write)


@bug(stories.ask_twice, "doubled")
def forgets_the_idempotency_key(patch: Patch) -> None:
    commit_of = Commands.commit_of

    def anonymous(self: Commands, *arguments: Any) -> Any:
        return replace(commit_of(self, *arguments), command_id=None)

    patch.setattr(Commands, "commit_of", anonymous)


@bug(stories.trade, "doubled")
def gives_two_events_one_id(patch: Patch) -> None:
    patch.setattr("events.commands.new_id", lambda: "0190-the-same")
