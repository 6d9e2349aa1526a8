"""A worker's figures for Prometheus, read from the loops when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

COUNTERS = {
    "published": "events that the relay has published",
    "recoveries": "scans of the store after a lost token",
    "applied": "events that the projection has applied",
    "duplicates": "events that were there already",
    "early": "events that came before their predecessor and were dropped",
    "parked": "events that were parked",
    "unreadable": "records that no relay wrote",
    "batches": "projection transactions",
    "rejoins": "returns to the checkpoints",
    "fired": "commits made by reactions",
    "repeated": "reactions that had fired before",
    "refused": "reactions whose command the domain refused",
    "set_aside": "reactions that wait to be tried again",
    "delivered": "webhook messages that a receiver has taken",
    "failed": "tries of webhook messages that failed",
    "withheld": "events that the owner of a subscription may not see",
    "dead_letters": "webhook messages that were given up",
}
GAUGES = {
    "lag": "records that are not taken yet",
    "behind_seconds": "age of the last commit when the relay published it; 0 when none waits",
    "open_gaps": "streams whose next event has not come",
    "lines": "subscriptions and replays that this worker serves",
    "lines_halted": "those of them that have stopped for a person to look",
    "waiting": "webhook messages that wait to be tried again, or behind such a one",
    "oldest_seconds": "for how long the oldest of them has waited; 0 when none does",
    "halted": "1 when the loop has stopped for a person to look",
}


class _Status(Protocol):
    def status(self) -> dict[str, Any]: ...


class WorkerMetrics:
    """A collector: `throughline_worker_<figure>{service,loop}`."""

    def __init__(self, service: str, worker: _Status) -> None:
        self._service = service
        self._worker = worker

    def register(self) -> None:
        REGISTRY.register(self)

    def collect(self) -> Iterator[Metric]:
        loops = self._worker.status()["loops"]
        for name, help in COUNTERS.items():
            counter = CounterMetricFamily(
                f"throughline_worker_{name}", help, labels=["service", "loop"]
            )
            for loop, shown in loops.items():
                if name in shown:
                    counter.add_metric([self._service, loop], float(shown[name]))
            yield counter
        for name, help in GAUGES.items():
            gauge = GaugeMetricFamily(
                f"throughline_worker_{name}", help, labels=["service", "loop"]
            )
            for loop, shown in loops.items():
                if name in shown:
                    value = shown[name]
                    gauge.add_metric(
                        [self._service, loop], float(bool(value) if name == "halted" else value)
                    )
            yield gauge
