"""Makes a service's Flask app: one shape for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask import Flask

from events.http.body import MAX_BODY_BYTES
from events.http.context import register_context
from events.http.encoding import use_orjson
from events.http.guard import register_guard
from events.http.health import health_blueprint
from events.http.identifiers import CONVERTERS
from events.http.metrics import register_metrics
from events.http.openapi import Api
from events.http.problems import register_problems
from events.http.routes import Routes
from events.http.runtime import EXTENSION, Runtime

OPENAPI_VERSION = "3.1.0"


def create_app(
    runtime: Runtime, blueprints: Iterable[Routes], *, version: str, title: str | None = None
) -> Flask:
    """The app of one service, with its document at `/v1/openapi.json` and the health routes.

    Raises ValueError when two operations have the same id: generated clients need them apart; and
    for a route without a right: deny is the default, and open has to be said.
    """
    app = Flask(runtime.name, static_folder=None)
    _configure(app, title or f"Throughline {runtime.name}", version)
    app.extensions[EXTENSION] = runtime
    register_metrics(app, runtime.name)
    register_context(app)
    register_problems(app)
    api = Api(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(health_blueprint(runtime.health))
    register_guard(app)
    _check_operation_ids(api.document())
    return app


def openapi_document(app: Flask) -> dict[str, Any]:
    """The app's OpenAPI document, for the committed snapshot."""
    api: Api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    return api.document()


def _configure(app: Flask, title: str, version: str) -> None:
    use_orjson(app)
    app.url_map.converters.update(CONVERTERS)
    # A path has one spelling: `//` is not redirected to `/`.
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        API_TITLE=title,
        API_VERSION=version,
        OPENAPI_VERSION=OPENAPI_VERSION,
        OPENAPI_URL_PREFIX="/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )


def _check_operation_ids(document: dict[str, Any]) -> None:
    ids = Counter(
        operation["operationId"]
        for path in document.get("paths", {}).values()
        for method, operation in path.items()
        if method in ("get", "post")
    )
    twice = sorted(name for name, count in ids.items() if count > 1)
    if twice:
        raise ValueError(f"two operations are called {', '.join(twice)}")
