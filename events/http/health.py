"""Health routes of every process: alive, ready, started, and the metrics.

`/livez` looks at nothing: a database that is away must not get processes killed. `/readyz` says
whether work should come here; it turns off first when a process shuts down. `/startupz` latches:
once started, always started.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from events.http.encoding import to_json

Check = Callable[[], Any]
"""Returns something to show, or raises. It must bound its own time: probes give up in seconds."""

NO_CHECKS: Mapping[str, Check] = {}
MAX_REASON = 200


class Health:
    """`ready` and `startup` are the checks by name; `draining` is set on SIGTERM."""

    def __init__(
        self, ready: Mapping[str, Check] = NO_CHECKS, startup: Mapping[str, Check] = NO_CHECKS
    ) -> None:
        self.ready = dict(ready)
        self.startup = dict(startup)
        self.draining = threading.Event()
        self._started = False

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """(ready, report)."""
        fine, report = run_checks(self.ready)
        if self.draining.is_set():
            return False, {"status": "draining", "checks": report}
        return fine, {"status": "ready" if fine else "not-ready", "checks": report}

    def started(self) -> tuple[bool, dict[str, Any]]:
        """(started, report); checks are not run again after they passed once."""
        if self._started:
            return True, {"status": "started", "checks": {}}
        self._started, report = run_checks(self.startup)
        return self._started, {
            "status": "started" if self._started else "starting",
            "checks": report,
        }


def run_checks(checks: Mapping[str, Check]) -> tuple[bool, dict[str, Any]]:
    """All of them, also after one failed: an operator wants the whole picture."""
    report: dict[str, Any] = {}
    for name, check in checks.items():
        try:
            report[name] = {"ok": True, "detail": check()}
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"[:MAX_REASON]
            report[name] = {"ok": False, "detail": reason}
    return all(one["ok"] for one in report.values()), report


def health_blueprint(health: Health) -> Blueprint:
    """The four routes; they are no part of the API and of its document."""
    routes = Blueprint("health", __name__)

    @routes.get("/livez")
    def livez() -> Response:
        return _json({"status": "alive"})

    @routes.get("/readyz")
    def readyz() -> Response:
        return _report(*health.readiness())

    @routes.get("/startupz")
    def startupz() -> Response:
        return _report(*health.started())

    @routes.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return routes


def _report(fine: bool, report: dict[str, Any]) -> Response:
    response = _json(report, 200 if fine else 503)
    if not fine:
        response.headers["Retry-After"] = "2"
    return response


def _json(body: Any, status: int = 200) -> Response:
    return Response(to_json(body), status, content_type="application/json")


class HealthServer:
    """A worker's health on a port of its own, in a thread of its own."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self._server = server
        self.port: int = server.server_port
        self._thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    """Probes come every few seconds; nobody reads their access log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        logging.getLogger("events.http.health").debug(message, *args)


def serve_health(
    health: Health, host: str, port: int, status: Callable[[], Mapping[str, Any]]
) -> HealthServer:
    """Serves health, metrics and `GET /status`; port 0 takes a free one. Raises OSError."""
    app = Flask("health", static_folder=None)
    app.register_blueprint(health_blueprint(health))

    @app.get("/status")
    def show_status() -> Response:
        return _json(status())

    return HealthServer(make_server(host, port, app, threaded=True, request_handler=_Quiet))
