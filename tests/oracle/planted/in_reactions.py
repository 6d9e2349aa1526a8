"""Bugs of reactions: fired twice, fired never."""

from __future__ import annotations

import uuid
from dataclasses import replace
from itertools import count
from typing import Any

from events.log.port import Partition
from events.reactions import answering
from events.reactions.places import Places
from tests.oracle.planted import stories
from tests.oracle.planted.bug import BOTH, Patch, bug


@bug(stories.dies_at("relay.after_send"), "reaction", BOTH)
def reacts_without_a_command_id(patch: Patch) -> None:
    """The pool itself refuses to deal a lead twice, so that has to go as well."""
    from services.sales.domain import pool

    assign = pool._assign

    def again(state: Any, command: Any) -> Any:
        return assign(replace(state, live={}, waiting={}), command)

    patch.setattr(answering, "command_id", lambda *_: str(uuid.uuid4()))
    patch.setattr(pool, "_assign", again)


@bug(stories.dies_at("relay.after_send"), "reaction", BOTH)
def deals_a_lead_in_two_pools(patch: Patch) -> None:
    from services.sales.reactions import leads

    numbers = count(1)
    patch.setattr(answering, "command_id", lambda *_: str(uuid.uuid4()))
    patch.setattr(leads, "pool_for", lambda _: f"pool-{next(numbers)}")


@bug(stories.dies_at("reaction.inside_transaction"), "reaction", BOTH)
def moves_the_reactions_checkpoint_before_the_work(patch: Patch) -> None:
    def ahead(self: Places, at: Partition, following: int, _session: Any) -> None:
        self._checkpoints.update_one({"_id": str(at)}, {"$set": {"next_offset": following}})

    patch.setattr(Places, "move", ahead)
