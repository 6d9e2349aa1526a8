"""Looks at all services at once: cheap enough to be asked by many, never waited for long.

Its connections are its own: a look takes no slot from the traffic, and says who is away even
when every slot is taken. However many watch, there is one look at a time and one a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gateway.config import Address, GatewayConfig
from gateway.metrics import Metrics
from gateway.parts import document
from gateway.problems import Refusal
from gateway.sighting import ServiceSeen, Sighting, State
from gateway.upstreams import Outgoing, ServiceBusy, ServiceLate, Upstream

FRESH_SECONDS = 1.0
"""A look is shown to all who ask within this time."""

OLD_SECONDS = 10.0
"""While somebody else looks, a look younger than this is shown instead of waiting."""

ANSWER_SECONDS = 0.8
CONNECT_SECONDS = 0.5
LOOK_SECONDS = 0.9
"""After this a page is made of what has come."""

SLOTS = 2
"""Looks under way at one process: one that never ends must not keep the next from beginning."""

STATUS_LIMIT = 256 * 1024
"""Bytes of a worker's status: many times what one with all loops tells."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one process said of itself."""

    state: State
    told: Mapping[str, Any] = field(default_factory=dict)


SLOW = Heard("slow")
AWAY = Heard("away")
UNKNOWN = Heard("unknown")


class Watch:
    """Thread-safe; made after fork."""

    def __init__(self, config: GatewayConfig, metrics: Metrics) -> None:
        self._metrics = metrics
        self._webs = _connections(config, config.upstreams)
        self._workers = _connections(config, config.workers)
        self._pool = ThreadPoolExecutor(SLOTS * (len(self._webs) + len(self._workers)), "look")
        self._looking = threading.Lock()
        self._last: Sighting | None = None

    def look(self) -> Sighting:
        """The state of the system, at most `FRESH_SECONDS` old unless another look is under way."""
        last = self._last
        if last and _age(last) < FRESH_SECONDS:
            return last
        bearable = last is not None and _age(last) < OLD_SECONDS
        if not self._looking.acquire(blocking=not bearable):
            assert last is not None
            return last
        try:
            if self._last is None or _age(self._last) >= FRESH_SECONDS:
                self._last = self._look(self._last)
            return self._last
        finally:
            self._looking.release()

    def _look(self, before: Sighting | None) -> Sighting:
        webs = {name: self._pool.submit(_web, one) for name, one in self._webs.items()}
        workers = {name: self._pool.submit(_worker, one) for name, one in self._workers.items()}
        wait([*webs.values(), *workers.values()], LOOK_SECONDS)
        services = {}
        for name, asked in webs.items():
            worker = _outcome(workers[name]) if name in workers else UNKNOWN
            services[name] = ServiceSeen.read(_outcome(asked).state, worker.state, worker.told)
        return Sighting(
            time.monotonic(),
            datetime.now(UTC),
            self._metrics.traffic(),
            services,
            before and replace(before, before=None),
        )


def _connections(config: GatewayConfig, addresses: Mapping[str, Address]) -> dict[str, Upstream]:
    connect = min(config.connect_timeout, CONNECT_SECONDS)
    return {name: Upstream(address, SLOTS, connect) for name, address in addresses.items()}


def _outcome(asked: Future[Heard]) -> Heard:
    if not asked.done():
        asked.cancel()
        return SLOW
    return asked.result()


def _web(upstream: Upstream) -> Heard:
    try:
        answer = upstream.send(Outgoing("GET", "/readyz", {}, ANSWER_SECONDS))
    except Refusal as refusal:
        return _missed(refusal)
    answer.close()
    return Heard("up" if answer.status == 200 else "not ready")


def _worker(upstream: Upstream) -> Heard:
    try:
        answer = upstream.send(Outgoing("GET", "/status", {}, ANSWER_SECONDS))
        try:
            told = document(answer, STATUS_LIMIT)
        finally:
            answer.close()
    except Refusal as refusal:
        return _missed(refusal)
    except ValueError:
        return Heard("not ready")
    return Heard("up", told) if answer.status == 200 else Heard("not ready")


def _missed(refusal: Refusal) -> Heard:
    return SLOW if isinstance(refusal, ServiceLate | ServiceBusy) else AWAY


def _age(sighting: Sighting) -> float:
    return time.monotonic() - sighting.at
