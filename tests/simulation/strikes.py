"""What befalls a world from outside: crash points, rebalances, lost tokens, operators, rebuilds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events import crashing
from events.projection import parking
from tests.simulation.failures import SimulatedCrash

if TYPE_CHECKING:
    from tests.simulation.world import World

POINTS = (
    "store.after_append",
    "relay.after_send",
    "relay.after_checkpoint",
    "projection.inside_transaction",
    "projection.after_transaction",
)
"""The engine's crash points that this world's actors pass."""


class Strikes:
    """Called once a turn; `end` makes peace."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rebuilds = 0

    def strike(self) -> None:
        """Each may happen, independently."""
        world, plan, random = self._world, self._world.plan, self._world.random
        chances = (
            (0.15, self._thaw),
            (0.05, self._succeed),
            (0.10, world.land),
            (plan.rebalance, self._rebalance),
            (0.20, self._tell),
            (plan.token_loss, self._lose_token),
            (plan.armed, self._arm),
            (plan.rebuild, self._rebuild),
        )
        for chance, act in chances:
            if chance and random.random() < chance:
                act()

    def end(self) -> None:
        crashing.arm("")

    def retry_all(self) -> None:
        """Everything poisonous is dealt with, and every parked stream tried again."""
        for group in self._world.groups:
            for parked in group.storage.parked_streams():
                events = parking.parked_events(group.storage, parked.stream)
                self._world.healed.update(event.entry for event in events)
                parking.retry(group.storage, parked.stream)

    def _thaw(self) -> None:
        if self._world.frozen:
            frozen, actor = self._world.random.choice(self._world.frozen)
            self._world.note(f"{actor.name} goes on")
            self._world.go_on(frozen, actor)

    def _succeed(self) -> None:
        """Somebody takes a frozen process for dead and starts another one in its place."""
        waiting = [actor for _, actor in self._world.frozen if not actor.spare]
        if not waiting:
            return
        actor = self._world.random.choice(waiting)
        successor = actor.successor()
        if successor is None:
            return
        actor.spare = True
        kind = self._world.relays if actor in self._world.relays else self._world.members
        kind.append(successor)
        self._world.tally["successors"] += 1
        self._world.note(f"{actor.name} is replaced")

    def _rebalance(self) -> None:
        group = self._world.random.choice(self._world.groups)
        group.rebalance(self._world.random, sorted(self._world.log.records))
        self._world.note(f"{group.name} is rebalanced")

    def _tell(self) -> None:
        for group in self._world.groups:
            group.tell_one(self._world.random)

    def _lose_token(self) -> None:
        context = self._world.random.choice(self._world.plan.contexts)
        self._world.oplogs[context].roll_over()
        self._world.note(f"{context} loses its tokens")

    def _arm(self) -> None:
        point = self._world.random.choice(POINTS)
        self._world.note(f"armed: {point}")

        def die() -> None:
            self._world.tally[f"crash {point}"] += 1
            raise SimulatedCrash(point)

        crashing.arm(f"{point}:{self._world.random.randint(1, 3)}", die)

    def _rebuild(self) -> None:
        if self._rebuilds < 2:
            self._rebuilds += 1
            self._world.tally["rebuilds"] += 1
            self._world.note("a rebuild begins")
            self._world.begin_group(f"rebuild {self._rebuilds}", 1)
