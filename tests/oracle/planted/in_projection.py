"""Bugs of the projection: what is applied, when, and what a rebuild makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from pymongo import ReplaceOne, UpdateOne

from events.envelope import Event
from events.log.port import Partition
from events.projection import applying, timeline
from events.projection.mongo import MongoProjection
from events.projection.mongo_unit import MongoUnit
from events.projection.projector import Projector
from events.projection.reader import Views
from events.projection.sorting import Sorted, sort_out
from tests.oracle.planted import stories
from tests.oracle.planted.bug import BOTH, Patch, bug


@bug(stories.dies_at("relay.after_send"), "diverging")
def skips_the_watermark(patch: Patch) -> None:
    def take_all(events: Any, *_: Any) -> Sorted:
        return Sorted(apply=list(events))

    def overwrite(self: MongoUnit, events: Sequence[Event]) -> None:
        entries = [timeline.entry_of(event) for event in events]
        if entries:
            self._collection(timeline.NAME).bulk_write(
                [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in entries],
                session=self._session,
            )

    patch.setattr(applying, "sort_out", take_all)
    patch.setattr(MongoUnit, "insert_entries", overwrite)


@bug(stories.lost_record, "diverging")
def applies_early_events(patch: Patch) -> None:
    def eager(*arguments: Any) -> Sorted:
        verdict = sort_out(*arguments)
        verdict.apply.extend(verdict.early)
        verdict.early.clear()
        return verdict

    patch.setattr(applying, "sort_out", eager)


@bug(stories.lost_record, "misordered")
def skips_what_it_cannot_place(patch: Patch) -> None:
    """The hole is never filled: duplicates and late ones are dropped alike."""

    def forgetful(events: Any, present: Any, parked: Any, poisoned: Any) -> Sorted:
        verdict = sort_out(events, present, parked, poisoned)
        late = [event for event in verdict.apply if event.version == 1 and seen_later(event)]
        gone.update(event.stream for event in verdict.early)
        verdict.apply = [event for event in verdict.apply if event not in late] + verdict.early
        verdict.early = []
        return verdict

    gone: set[str] = set()

    def seen_later(event: Event) -> bool:
        return event.stream in gone

    patch.setattr(applying, "sort_out", forgetful)


@bug(stories.dies_at("projection.inside_transaction"), "lost")
def moves_the_checkpoint_before_the_work(patch: Patch) -> None:
    def ahead(self: MongoUnit, moves: Any) -> None:
        for move in moves:
            self._storage.db["checkpoints"].update_one(
                {"_id": self._storage.checkpoint_id(move.partition)},
                {"$set": {"next_offset": move.after}},
            )

    patch.setattr(MongoUnit, "advance", ahead)


@bug(stories.zombie, "stuck")
def moves_the_checkpoint_without_comparing(patch: Patch) -> None:
    def blindly(self: MongoUnit, moves: Any) -> None:
        self._storage.db["checkpoints"].bulk_write(
            [
                UpdateOne(
                    {"_id": self._storage.checkpoint_id(move.partition)},
                    {"$set": {"next_offset": move.after}},
                )
                for move in moves
            ],
            session=self._session,
        )

    patch.setattr(MongoUnit, "advance", blindly)


@bug(stories.trade, "checkpoint")
def counts_offsets_from_one(patch: Patch) -> None:
    """Each batch ends one further than it does, and each start takes that back in memory only."""
    batch, positions = Projector._batch, MongoProjection.positions

    def one_more(self: Projector, records: Any) -> Any:
        made = batch(self, records)
        moves = [replace_move(move, self) for move in made.moves]
        return replace(made, moves=moves)

    def replace_move(move: Any, projector: Projector) -> Any:
        started = move.before > 0
        return replace(move, before=move.before + started, after=move.after + 1)

    def one_less(self: MongoProjection, ids: Any) -> Any:
        return {at: max(0, offset - 1) for at, offset in positions(self, ids).items()}

    patch.setattr(Projector, "_batch", one_more)
    patch.setattr(MongoProjection, "positions", one_less)


@bug(stories.trade, "phantom")
def alters_an_entry(patch: Patch) -> None:
    entry_of = timeline.entry_of

    def without_actor(event: Event) -> dict[str, Any]:
        return {**entry_of(event), "actor": "somebody"}

    patch.setattr(timeline, "entry_of", without_actor)


@bug(stories.rebuilt, "lost")
def drops_an_event_in_a_rebuild(patch: Patch) -> None:
    batch = Projector._batch

    def lossy(self: Projector, records: Any) -> Any:
        made = batch(self, records)
        if self.storage.version == 1:  # type: ignore[attr-defined]
            return made
        return replace(made, events=[one for one in made.events if one.version == 1])

    patch.setattr(Projector, "_batch", lossy)


@bug(stories.rebuilt, "lost")
def begins_a_new_version_with_what_comes_next(patch: Patch) -> None:
    positions = MongoProjection.positions

    def from_now(self: MongoProjection, ids: Any) -> dict[Partition, int]:
        known = dict(positions(self, ids))
        live = {one["_id"]: one["next_offset"] for one in self.db["checkpoints"].find()}
        fresh = {
            at: live[f"v1/{at}"]
            for at in known
            if self.version > 1 and known[at] == 0 and live.get(f"v1/{at}")
        }
        for at, offset in fresh.items():
            self.db["checkpoints"].update_one(
                {"_id": self.checkpoint_id(at)}, {"$set": {"next_offset": offset}}
            )
        return {**known, **fresh}

    patch.setattr(MongoProjection, "positions", from_now)


@bug(stories.interleaved, "diverging", BOTH)
def folds_topics_in_the_order_of_their_coming(patch: Patch) -> None:
    """A handler of sales counts orders at the moment when marketing's news arrive."""
    from events.contracts.marketing import CustomerProfileUpdated
    from services.sales.views.customers import customers

    def looks_at_both(doc: dict[str, Any], event: Event) -> None:
        doc.setdefault("orders_at_news", []).append(doc.get("orders_placed", 0))

    handlers = {
        **customers._handlers,
        CustomerProfileUpdated.TYPE: [(lambda event: event.data["customer_id"], looks_at_both)],
    }
    patch.setattr(customers, "_handlers", handlers)


@bug(stories.read_at_once, "read")
def says_current_without_looking(patch: Patch) -> None:
    patch.setattr(Views, "holds", lambda self, token: True)


@bug(stories.swapped_while_reading, "read")
def reads_another_version_than_it_waited_for(patch: Patch) -> None:
    patch.setattr(Views, "one_version", lambda self: nullcontext())
