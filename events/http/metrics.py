"""Names and meanings of the HTTP metrics, and the hooks that count every request.

RED by route template: rate and errors from the counter, duration from the histogram. Labels are
bounded: a path that no route knows counts as `unmatched`, a strange method as `OTHER`.
"""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "throughline_http_requests",
    "Requests answered, by route template and status",
    ["service", "method", "route", "status"],
)
DURATION = Histogram(
    "throughline_http_request_duration_seconds",
    "Time from the first byte read to the answer handed over",
    ["service", "method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
CONSISTENCY_WAIT = Histogram(
    "throughline_http_consistency_wait_seconds",
    "How long reads with a consistency token waited",
    ["service"],
    buckets=(0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
CONSISTENCY_LATE = Counter(
    "throughline_http_consistency_late",
    "Reads whose token was not held in time",
    ["service"],
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@lru_cache(maxsize=1024)
def _requests(service: str, method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(service, method, route, str(status))


@lru_cache(maxsize=256)
def _duration(service: str, method: str, route: str) -> Histogram:
    return DURATION.labels(service, method, route)


def register_metrics(app: Flask, service: str) -> None:
    """Registered before the other hooks, so that their time is counted too."""

    @app.before_request
    def start() -> None:
        g.started = perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        rule = request.url_rule
        route = rule.rule if rule else "unmatched"
        method = request.method if request.method in _METHODS else "OTHER"
        _requests(service, method, route, response.status_code).inc()
        _duration(service, method, route).observe(perf_counter() - g.started)
        return response
