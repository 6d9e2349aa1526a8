"""Who takes turns: writers, relays and members of projections, made anew after every crash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Protocol

from events.commands import Commands, Done
from events.deciding import Origin
from events.errors import Conflict, KeyReused, NotFound, PreconditionFailed, Rejected
from events.log.memory import MemoryConsumer
from events.log.port import Partition
from events.projection import parking
from events.projection.memory import MemoryProjection
from events.projection.projector import Projector
from events.projection.view import PoisonAt
from events.relay.memory import MemoryFeed, MemoryLease
from events.relay.relay import Relay
from events.types import Version
from tests.simulation import toy
from tests.simulation.beside import Beside
from tests.simulation.checker import check_checkpoints
from tests.simulation.faults import (
    FaultyBook,
    FaultyFeed,
    FaultyProducer,
    FaultyProjection,
    FaultyStore,
)

if TYPE_CHECKING:
    from tests.simulation.world import World


class Actor(Protocol):
    """`busy` while a step of it is frozen; `spare` when its place was given to a successor."""

    name: str
    busy: bool
    spare: bool

    def step(self) -> None: ...

    def restart(self) -> None:
        """A new process in its place: nothing in memory survives."""
        ...

    def successor(self) -> Actor | None:
        """Another process for the same work, started because this one seems dead."""
        ...


@dataclass
class Job:
    """A client's command; it is sent again until it is answered."""

    context: str
    id: str
    command: toy.Grow | toy.Label
    origin: Origin
    expected: Version | None
    answer: Done | None = None

    @property
    def stolen(self) -> bool:
        """Whether it comes under the key of another command."""
        return self.origin.command_hash == "other"


class Writer:
    """A web process of one context with the client in front of it."""

    def __init__(self, world: World, name: str, context: str) -> None:
        self.name = name
        self.busy = self.spare = False
        self._world = world
        self._context = context
        self._job: Job | None = None
        self.restart()

    def restart(self) -> None:
        store = FaultyStore(self._world.stores[self._context], self._world)
        self._commands = Commands(store, pause=lambda _: None)

    def successor(self) -> Actor | None:
        return None

    @property
    def owes_an_answer(self) -> bool:
        return self._job is not None

    def step(self) -> None:
        job = self._job or self._world.next_job(self._context)
        self._job = job
        decider = toy.decider(job.context)
        try:
            done = self._commands.execute(
                decider, job.id, job.command, job.origin, expected=job.expected
            )
            self._world.answered(job, done)
        except KeyReused:
            self._world.key_refused(job)
        except (Rejected, Conflict, PreconditionFailed) as error:
            self._world.note(f"{self.name}: {type(error).__name__}")
        self._job = None


class RelayActor:
    """One of the relays that compete for a context."""

    def __init__(self, world: World, name: str, context: str) -> None:
        self.name = name
        self.context = context
        self.busy = self.spare = False
        self._world = world
        self.restart()

    def restart(self) -> None:
        world, context = self._world, self.context
        feed = MemoryFeed(world.stores[context], world.oplogs[context], world.plan.feed_batch)
        self.relay = Relay(
            FaultyFeed(feed, world),
            FaultyBook(world.books[context], world),
            MemoryLease(world.tenures[context], self.name, lambda: world.clock),
            lambda: FaultyProducer(world.log, world.topics[context], world),
            now=lambda: world.clock,
        )

    def successor(self) -> Actor | None:
        return RelayActor(self._world, self.name, self.context)

    def step(self) -> None:
        published = self.relay.step(0)
        if published:
            self._world.note(f"{self.name} published {published}")


class Member:
    """A projector in a group; the group's coordinator is the world."""

    def __init__(self, world: World, name: str, group: Group) -> None:
        self.name = name
        self.group = group
        self.busy = self.spare = False
        self._world = world
        self._partitions: tuple[Partition, ...] = ()
        self.restart()

    def assign(self, partitions: tuple[Partition, ...]) -> None:
        self._partitions = partitions
        self.consumer.assign(partitions)

    def restart(self) -> None:
        world = self._world
        self.consumer = MemoryConsumer(world.log, world.plan.poll_batch)
        self.consumer.assign(self._partitions)
        self.projector = Projector(
            FaultyProjection(self.group.storage, world),
            self.consumer,
            beside=Beside(world.random),
            much=world.plan.much,
        )

    def successor(self) -> Actor | None:
        other = Member(self._world, self.name, self.group)
        other.assign(self._partitions)
        self.group.members[self.group.members.index(self)] = other
        return other

    def step(self) -> None:
        before, tally = _counts(self.projector), self._world.tally
        taken = self.projector.step(0)
        check_checkpoints(self.group, self._world.log.records)
        news = {key: n - before[key] for key, n in _counts(self.projector).items()}
        tally.update(news)
        if taken:
            told = ", ".join(f"{n} {key}" for key, n in news.items() if n)
            self._world.note(f"{self.name} took {taken}: {told}")


class Operator:
    """A person who looks at parked streams. Healing is a new deploy, seen by every version."""

    def __init__(self, world: World) -> None:
        self.name = "operator"
        self.busy = self.spare = False
        self._world = world

    def restart(self) -> None:
        """Persons remember nothing either."""

    def successor(self) -> Actor | None:
        return None

    def step(self) -> None:
        world = self._world
        group = world.random.choice(world.groups)
        parked = group.storage.parked_streams()
        if not parked:
            return
        stream = world.random.choice(parked).stream
        storage = FaultyProjection(group.storage, world)
        act = world.random.choice((self._heal, self._retry, self._retry, self._skip))
        world.note(f"operator, {group.name}: {act.__name__} {stream}")
        try:
            act(storage, stream)
        except (PoisonAt, NotFound) as error:
            world.note(f"operator: {error}")
        else:
            world.tally[f"operator{act.__name__}"] += 1

    def _heal(self, storage: FaultyProjection, stream: str) -> None:
        events = parking.parked_events(storage, stream)
        self._world.healed.update(event.entry for event in events)

    def _retry(self, storage: FaultyProjection, stream: str) -> None:
        parking.retry(storage, stream)

    def _skip(self, storage: FaultyProjection, stream: str) -> None:
        parking.skip(storage, stream, "not needed")


@dataclass
class Group:
    """One version of the projection, its members, and the assignments they will learn of."""

    name: str
    storage: MemoryProjection
    members: list[Member] = field(default_factory=list)
    reached: dict[Partition, int] = field(default_factory=dict)
    """Where the checkpoints were when they were last looked at."""
    _pending: list[tuple[Member, tuple[Partition, ...]]] = field(default_factory=list)

    def rebalance(self, random: Random, partitions: Sequence[Partition]) -> None:
        """Some members get everything; each learns of it at its own time."""
        alive = random.sample(self.members, random.randint(1, len(self.members)))
        shares: dict[str, list[Partition]] = {member.name: [] for member in self.members}
        for partition in partitions:
            shares[random.choice(alive).name].append(partition)
        self._pending = [(member, tuple(shares[member.name])) for member in self.members]

    def tell_one(self, random: Random) -> None:
        if self._pending:
            member, share = self._pending.pop(random.randrange(len(self._pending)))
            member.assign(share)

    def tell_all(self) -> None:
        for member, share in self._pending:
            member.assign(share)
        self._pending = []

    def next_offsets(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """Where the checkpoints stand."""
        return self.storage.positions({at: f"id-of-{at.topic}" for at in partitions})


def _counts(projector: Projector) -> dict[str, int]:
    counts = projector.counts
    return {
        "applied": counts.applied,
        "duplicates": counts.duplicates,
        "early": counts.early,
        "parked": counts.parked,
        "unreadable": counts.unreadable,
    }
