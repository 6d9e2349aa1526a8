"""Rate, errors and duration by route template and service, for Prometheus.

Label values are bounded whatever clients send: a route is learnt only from an answer that shows
it exists, and only so many are learnt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.sighting import Traffic
from gateway.upstreams import Upstream

CONTENT_TYPE = CONTENT_TYPE_LATEST

MOST_ROUTES = 300
"""More than all services together have."""

UNKNOWN = "unknown"

_NO_ROUTE = frozenset({400, 404, 405, 501})
"""Statuses that say nothing about whether the route exists."""

_WORD = re.compile(r"[a-z][a-z.-]{0,39}")

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)


@lru_cache(maxsize=4096)
def _template(words: tuple[str, ...]) -> str:
    """`("orders", "x", "complete")` → `/orders/{id}/complete`: every second segment is an id."""
    shown = (
        word if place % 2 == 0 and _WORD.fullmatch(word) else "{id}"
        for place, word in enumerate(words)
    )
    return "/" + "/".join(shown)


class Routes:
    """The route templates seen so far."""

    def __init__(self, most: int = MOST_ROUTES) -> None:
        self._most = most
        self._known: set[str] = set()

    def name(self, service: str, rest: str, status: int) -> str:
        """The template of `/v1/<service>/<rest>`, or `unknown`."""
        words = rest.split("/")
        words[1::2] = ["{id}"] * len(words[1::2])
        route = f"/v1/{service}{_template(tuple(words))}"
        if route in self._known:
            return route
        if status in _NO_ROUTE or len(self._known) >= self._most:
            return UNKNOWN
        self._known.add(route)
        return route


def _in_flight(upstream: Upstream) -> float:
    return upstream.in_flight


class Drifting(Protocol):
    """The standing comparison, as far as it is counted."""

    compared: int

    @property
    def drifting(self) -> Sequence[object]: ...


class Metrics:
    """The gateway's metrics in a registry of their own."""

    def __init__(self, upstreams: Iterable[Upstream]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "throughline_gateway_requests",
            "Requests answered, by what answered them",
            ["method", "upstream", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "throughline_gateway_request_seconds",
            "Time until the answer was handed over",
            ["upstream", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "throughline_gateway_in_flight",
            "Requests under way at a service",
            ["upstream"],
            registry=self.registry,
        )
        self.drifting = Gauge(
            "throughline_gateway_drifting_customers",
            "Customers whose timelines differ between services that are not behind",
            registry=self.registry,
        )
        self.compared = Gauge(
            "throughline_gateway_compared_customers",
            "Comparisons of a customer's timelines since the start",
            registry=self.registry,
        )
        for upstream in upstreams:
            self.in_flight.labels(upstream.name).set_function(partial(_in_flight, upstream))

    def follow(self, drift: Drifting) -> None:
        """Shows what the standing comparison of timelines has found."""
        self.drifting.set_function(lambda: len(drift.drifting))
        self.compared.set_function(lambda: drift.compared)

    def observe(self, method: str, upstream: str, route: str, status: int, seconds: float) -> None:
        self.requests.labels(method, upstream, route, str(status)).inc()
        self.seconds.labels(upstream, route).observe(seconds)

    def traffic(self) -> Traffic:
        """All requests so far, and those that failed (5xx)."""
        counted = [
            (sample.labels["status"], int(sample.value))
            for family in self.requests.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        ]
        failed = sum(count for status, count in counted if status.startswith("5"))
        return Traffic(sum(count for _, count in counted), failed)

    def page(self) -> bytes:
        return generate_latest(self.registry)
