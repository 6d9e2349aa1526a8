"""What a service's reactions say to one event: the commits, decided but not yet appended.

Each reaction answers an event once. The commands of its replies have ids that the same event gives
again; where a reply led to no commit, because the domain refused it or had nothing to add, a
receipt takes its place, so that a duplicate record of the event finds that it was answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from pymongo.errors import PyMongoError

from events.commands import Commands
from events.deciding import Origin
from events.envelope import Commit, Event
from events.errors import Corrupt, Rejected, Transient
from events.projection.reader import Views
from events.reactions.reaction import Reaction, Reply, command_id
from events.store.port import Receipt
from events.types import EMPTY

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ReactorCounts:
    """What a reactor has done since it started."""

    fired: int = 0
    repeated: int = 0
    refused: int = 0
    set_aside: int = 0


@dataclass(slots=True)
class Said:
    """All of it is stored in one transaction, or nothing. `aside` says why it can't be said yet."""

    commits: list[Commit] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    aside: str | None = None


class Answering:
    """Decides; writes nothing."""

    def __init__(
        self,
        commands: Commands,
        views: Views,
        reactions: Sequence[Reaction],
        counts: ReactorCounts,
    ) -> None:
        self.reactions = tuple(reactions)
        self._commands = commands
        self._views = views
        self._counts = counts

    def wants(self, wire_type: str) -> bool:
        """Whether any reaction answers events of this type."""
        return any(reaction.answer_to(wire_type) for reaction in self.reactions)

    def to(self, event: Event, at: datetime) -> Said:
        """The answer; what fails in a handler is to be tried again later, and `aside` says so."""
        try:
            return self._said(event, at)
        except (Transient, PyMongoError, Corrupt):
            raise
        except Exception as error:
            log.exception("reaction.failed", event_id=event.id, type=event.type)
            return Said(aside=f"{type(error).__name__}: {error}"[:300])

    def _said(self, event: Event, at: datetime) -> Said:
        said = Said()
        for reaction in self.reactions:
            answer = reaction.answer_to(event.type)
            if answer is None:
                continue
            if self._commands.store.find_command(command_id(event, reaction.name, 0)):
                self._counts.repeated += 1
                continue
            replies = answer(event, self._views, at)
            for number, reply in enumerate(replies):
                self._propose(reply, _origin(event, reaction, number, at, reply), said)
            if not replies:
                said.receipts.append(_receipt(command_id(event, reaction.name, 0), event))
        return said

    def _propose(self, reply: Reply, origin: Origin, said: Said) -> None:
        stream = self._commands.stream_of(reply.decider, reply.aggregate_id)
        pending = {commit.stream: commit for commit in said.commits}.get(stream)
        try:
            commit = self._commands.propose(reply.decider, stream, reply.command, origin, pending)
        except Rejected as rejection:
            self._counts.refused += 1
            log.info("reaction.refused", code=rejection.code, stream=stream)
            commit = None
        if commit:
            said.commits.append(commit)
        else:
            said.receipts.append(Receipt(str(origin.command_id), None, stream, EMPTY))


def _receipt(command: str, event: Event) -> Receipt:
    return Receipt(command, None, event.stream, event.version)


def _origin(event: Event, reaction: Reaction, number: int, at: datetime, reply: Reply) -> Origin:
    return Origin(
        actor=f"reaction:{reaction.name}",
        occurred_at=at,
        command_id=command_id(event, reaction.name, number),
        correlation_id=event.correlation_id,
        causation_id=event.id,
        traceparent=event.traceparent,
        scope=reply.scope,
    )
