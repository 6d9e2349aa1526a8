"""The commands that clients send."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from events.deciding import Origin
from events.types import StreamId, Version
from tests.simulation import toy
from tests.simulation.actors import Job

if TYPE_CHECKING:
    from tests.simulation.world import World

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def draw_job(world: World, context: str) -> Job:
    """A new command, or one that was answered before: repeated, or its key stolen."""
    random = world.random
    answered = [one for one in world.answers if one.context == context]
    if answered and random.random() < 0.08:
        return _again(random.choice(answered), stolen=random.random() < 0.3)
    name = str(random.randint(1, world.plan.streams))
    stream = StreamId.of(toy.decider(context).aggregate, name)
    number = f"{world.seed}-{random.getrandbits(48)}"
    return Job(
        context=context,
        id=name,
        command=_command(world, int(name)),
        origin=Origin("simulation", NOON, command_id=number, command_hash="own"),
        expected=_expected(world, context, stream),
    )


def _again(job: Job, *, stolen: bool) -> Job:
    return replace(job, origin=replace(job.origin, command_hash="other" if stolen else "own"))


def _expected(world: World, context: str, stream: StreamId) -> Version | None:
    """Sometimes the version that a client saw, now or earlier."""
    if world.random.random() > 0.15:
        return None
    commits = world.stores[context].load(stream)
    last = commits[-1].last if commits else 0
    return Version(max(0, last - world.random.choice((0, 0, 1))))


def _command(world: World, number: int) -> toy.Grow | toy.Label:
    random, plan = world.random, world.plan
    if random.random() < 0.25:
        return toy.Label(random.choice(("red", "green", "blue")))
    customer = None if number == 1 else f"customer {number % plan.customers}"
    parent = toy.decider(random.choice(plan.contexts)).aggregate
    return toy.Grow(
        customer=customer,
        parent=f"{parent}-{random.randint(1, plan.streams)}",
        amounts=tuple(random.randint(1, 9) for _ in range(random.randint(1, 3))),
        poisonous=random.random() < plan.poison,
    )
