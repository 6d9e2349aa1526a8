"""The faults, by name: each hurts a running fleet and lets go of it again.

A blow returns when the harm is done and undone; what follows from it (restarts, takeovers, going
back) is the system's own affair.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.fleet import SESSION_TIMEOUT_MS, Fleet, wait_for
from tests.parts import Parts

WORKER_POINTS = (
    "relay.after_send",
    "relay.after_checkpoint",
    "projection.inside_transaction",
    "projection.after_transaction",
    "reaction.inside_transaction",
    "reaction.after_transaction",
)
SWAP_POINTS = ("rebuild.before_swap", "rebuild.after_swap")

CRASH_SECONDS = 90.0
"""A worker that died inside a transaction leaves it open: its next life waits for its end."""

FREEZE_SECONDS = SESSION_TIMEOUT_MS / 1000 + 2.0
AWAY_SECONDS = 3.0
"""How long a server stays dead."""


@dataclass(slots=True)
class Blows:
    """Strikes at random, by a seed, and counts what was struck."""

    fleet: Fleet
    parts: Parts
    random: random.Random
    struck: Counter[str] = field(default_factory=Counter)

    def strike(self, name: str) -> None:
        BLOWS[name](self)
        self.struck[name] += 1

    def service(self) -> str:
        return self.random.choice(self.fleet.services)

    # --- processes

    def kill_worker(self) -> None:
        self.fleet.keeper.kill(f"{self.service()}-worker")

    def kill_web(self) -> None:
        self.fleet.keeper.kill(f"{self.service()}-web")

    def kill_serving_child(self) -> None:
        """gunicorn itself survives and starts another."""
        name = f"{self.service()}-web"
        self.fleet.keeper.kill_child(name)

    def kill_gateway(self) -> None:
        self.fleet.keeper.kill("gateway")

    def kill_everything(self) -> None:
        for name in self.fleet.keeper.names:
            self.fleet.keeper.kill(name)

    def crash_worker(self) -> None:
        service, point = self.service(), self.random.choice(WORKER_POINTS)
        if point.startswith("reaction") and service in ("marketing",):
            service = "sales"
        self.crash(f"{service}-worker", f"{point}:{self.random.randint(1, 5)}")

    def crash_web(self) -> None:
        """The event is stored, and nobody is told."""
        name = f"{self.service()}-web"
        self.fleet.keeper.kill(name, armed=f"store.after_append:{self.random.randint(2, 8)}")
        self.pause(4.0)
        # gunicorn would arm each new child again: a start of its own is not armed.
        self.fleet.keeper.kill(name)

    def crash(self, name: str, point: str) -> None:
        """Arms the point for the next life and waits until it has been reached."""
        keeper = self.fleet.keeper
        wait_for(lambda: keeper.alive(name), CRASH_SECONDS, f"{name} to live")
        deaths = keeper.deaths_of(name)
        keeper.kill(name, armed=point)
        wait_for(lambda: keeper.deaths_of(name) >= deaths + 2, CRASH_SECONDS, f"{name} at {point}")

    def freeze_worker(self) -> None:
        """Longer than its session lasts: its partitions go to others, or wait for it."""
        name = f"{self.service()}-worker"
        self.fleet.keeper.freeze(name)
        self.pause(FREEZE_SECONDS)
        self.fleet.keeper.thaw(name)

    def two_workers(self) -> None:
        """Two relays and two projectors: partitions move to the second one and back."""
        service = self.service()
        second = self.fleet.second_worker(service)
        self.pause(6.0)
        if self.random.random() < 0.5:
            self.fleet.keeper.freeze(f"{service}-worker")
            self.pause(FREEZE_SECONDS)
            self.fleet.keeper.thaw(f"{service}-worker")
            self.pause(2.0)
        self.fleet.keeper.stop(second)

    # --- servers

    def kill_kafka(self) -> None:
        self.parts.kafka.kill()
        self.pause(AWAY_SECONDS)
        self.parts.kafka.start()

    def kill_mongodb(self) -> None:
        self.parts.mongodb.kill()
        self.pause(AWAY_SECONDS)
        self.parts.mongodb.start()

    # --- versions

    def rebuild(self) -> None:
        """A new version goes live under load; sometimes it goes back again."""
        service = self.service()
        done = self.fleet.projections("rebuild", "--swap", "--service", service)
        self.struck["swapped"] += bool(done and done[service]["swapped"])
        if self.random.random() < 0.5:
            self.fleet.projections("rollback", "--service", service)

    def crash_rebuild(self) -> None:
        """The rebuild dies at the swap; another one finishes what it began."""
        service, point = self.service(), self.random.choice(SWAP_POINTS)
        self.fleet.projections("rebuild", "--swap", "--service", service, armed=point)
        self.fleet.projections("rebuild", "--swap", "--service", service)

    @staticmethod
    def pause(seconds: float) -> None:
        """The fault lasts this long: its length is part of it, nothing is waited for."""
        time.sleep(seconds)


BLOWS: Mapping[str, Callable[[Blows], None]] = {
    "kill_worker": Blows.kill_worker,
    "kill_web": Blows.kill_web,
    "kill_serving_child": Blows.kill_serving_child,
    "kill_gateway": Blows.kill_gateway,
    "kill_everything": Blows.kill_everything,
    "crash_worker": Blows.crash_worker,
    "crash_web": Blows.crash_web,
    "freeze_worker": Blows.freeze_worker,
    "two_workers": Blows.two_workers,
    "kill_kafka": Blows.kill_kafka,
    "kill_mongodb": Blows.kill_mongodb,
    "rebuild": Blows.rebuild,
    "crash_rebuild": Blows.crash_rebuild,
}
