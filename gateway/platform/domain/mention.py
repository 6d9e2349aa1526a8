"""A mention as its user has it: unread, until he says that he has read it.

Its place is the user himself, so that nobody else reaches it. It is a stream of its own: the note
belongs where the customer does, which the user may not reach at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from events.contracts.base import Fact, fact
from events.contracts.platform import MentionAcknowledged
from events.deciding import Decider, Scope


@dataclass(frozen=True, slots=True)
class ReadMention:
    mention_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Mention:
    """`user_id` once he has read it."""

    user_id: str | None = None


def decide(mention: Mention, command: ReadMention) -> Sequence[Fact]:
    if mention.user_id is not None:
        return []
    return [fact(MentionAcknowledged, mention_id=command.mention_id, user_id=command.user_id)]


MENTION: Decider[Mention, ReadMention] = Decider(
    aggregate="mention",
    initial=Mention(),
    decide=decide,
    evolve=lambda _, one: Mention(one.data["user_id"]),
    subject=lambda _: None,
    scope=lambda mention: Scope(owner=mention.user_id),
)
