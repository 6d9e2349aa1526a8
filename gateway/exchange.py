"""One request on its way through the gateway: its ids, its clock, and what is noted at its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import structlog

from gateway import tracing
from gateway.metrics import UNKNOWN, Metrics

log = structlog.get_logger("gateway")

OWN = "gateway"
"""The `upstream` label of what the gateway answers itself."""


class Exchange:
    """What is known of a request; filled in while it passes. Used by one thread at a time."""

    __slots__ = ("_metrics", "_noted", "correlation", "method", "path", "route", "started",
                 "traceparent", "upstream")  # fmt: skip

    def __init__(self, environ: Mapping[str, Any], metrics: Metrics) -> None:
        self.started = time.perf_counter()
        self.method: str = environ["REQUEST_METHOD"]
        self.path = ""
        self.upstream = OWN
        self.route = UNKNOWN
        incoming = environ.get("HTTP_TRACEPARENT", "")
        self.traceparent = incoming if tracing.well_formed(incoming) else tracing.new_traceparent()
        self.correlation = tracing.correlation_id(environ.get("HTTP_X_CORRELATION_ID", ""))
        self._metrics = metrics
        self._noted = False

    @property
    def trace(self) -> str:
        return tracing.trace_id(self.traceparent)

    def note(self, status: int, **facts: Any) -> None:
        """Counts and logs the request, once; `facts` go into the log line."""
        if self._noted:
            return
        self._noted = True
        seconds = time.perf_counter() - self.started
        self._metrics.observe(self.method, self.upstream, self.route, status, seconds)
        write = log.warning if status >= 500 else log.info
        write(
            "request",
            method=self.method,
            route=self.route,
            upstream=self.upstream,
            status=status,
            ms=round(seconds * 1000, 1),
            trace_id=self.trace,
            correlation_id=self.correlation,
            **facts,
        )
