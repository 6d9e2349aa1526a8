"""What a seed's world is like: sizes and how often each fault strikes, drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.simulation import toy


@dataclass(frozen=True, slots=True)
class Plan:
    """Rates are probabilities per occasion. Seeds differ much, so that calm worlds occur too."""

    contexts: tuple[str, ...]
    partitions: int
    customers: int
    streams: int
    turns: int
    members: int
    feed_batch: int
    poll_batch: int
    send_loss: float
    """A send that fails, after part of it was written."""
    holes: bool
    """Whether a failed send may lose records in front of others that are written."""
    late: float
    """A failed send's lost records arrive later after all."""
    doubled: float
    freeze: float
    """A step that stops in its middle while the others go on."""
    crash: float
    """A crash at a place of the simulation's own, between two acts of the engine."""
    armed: float
    """Arms one of the engine's crash points."""
    transient: float
    rebalance: float
    token_loss: float
    poison: float
    rebuild: float
    much: int
    """Records from which on a projector takes the next poll ahead."""


def draw(seed: int) -> Plan:
    """The plan of a seed; the same for ever."""
    random = Random(f"plan {seed}")

    def rate(most: float) -> float:
        return random.choice((0.0, most / 4, most))

    return Plan(
        contexts=toy.CONTEXTS[: random.choice((2, 3))],
        partitions=random.choice((1, 2, 3)),
        customers=random.randint(1, 4),
        streams=random.randint(1, 4),
        turns=random.randint(80, 260),
        members=random.choice((1, 2, 3)),
        feed_batch=random.choice((1, 3, 1000)),
        poll_batch=random.choice((2, 7, 2000)),
        send_loss=rate(0.25),
        holes=random.random() < 0.5,
        late=random.choice((0.0, 0.5)),
        doubled=rate(0.1),
        freeze=random.choice((0.0, 0.05, 0.15, 0.35)),
        crash=rate(0.02),
        armed=rate(0.08),
        transient=rate(0.03),
        rebalance=rate(0.06),
        token_loss=random.choice((0.0, 0.01, 0.05)),
        poison=rate(0.06),
        rebuild=random.choice((0.0, 0.02)),
        much=random.choice((1, 3, 10**6)),
    )
