"""What the gateway answers itself: a customer composed, health, metrics, its own description.

Pages for people are in screens.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from events.access.caller import Caller
from events.http.identifiers import CONVERTERS
from events.http.masking import PERSONAL
from events.http.params import ParamsReader
from events.http.problem import Problem
from events.http.timeline import TimelineParams
from gateway.callers import enter
from gateway.config import GatewayConfig
from gateway.customers import Customers, not_composed, verdict
from gateway.exchange import Exchange
from gateway.headers import request_headers
from gateway.household import Household
from gateway.metrics import CONTENT_TYPE, Metrics
from gateway.openapi import document
from gateway.parts import BadQuestion
from gateway.problems import MEDIA_TYPE, Refusal
from gateway.screens import Screens, Watching, wants_html
from gateway.timelines import Question, Timelines
from gateway.upstreams import Outgoing, Upstream

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PROBE_SECONDS = 0.5
"""How long a readiness probe looks for a service."""

_TIMELINE_PARAMS = ParamsReader(TimelineParams)
"""As the services read them: what they would refuse is refused before they are asked."""


class Pages:
    """The gateway's own routes, as one WSGI callable behind the edge's checks."""

    def __init__(
        self,
        config: GatewayConfig,
        upstreams: Mapping[str, Upstream],
        customers: Customers,
        timelines: Timelines,
        metrics: Metrics,
        house: Household,
        watching: Watching,
    ) -> None:
        self.draining = False
        self._callers = house.callers
        self._accesses = house.accesses
        self._directory = house.directory
        self._signin = house.signin
        self._config = config
        self._upstreams = upstreams
        self._customers = customers
        self._timelines = timelines
        self._metrics = metrics
        self._probes = ThreadPoolExecutor(len(upstreams), "probe")
        self._screens = Screens(config, upstreams, watching, self._may_watch)
        self._flask = self._routes(Flask("gateway", static_folder=None))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._flask(environ, start_response)

    def _routes(self, app: Flask) -> Flask:
        app.url_map.converters.update(CONVERTERS)
        app.add_url_rule("/", view_func=self.index)
        app.add_url_rule("/livez", view_func=self.livez)
        app.add_url_rule("/readyz", view_func=self.readyz)
        app.add_url_rule("/startupz", view_func=self.startupz)
        app.add_url_rule("/metrics", view_func=self.metrics)
        app.add_url_rule("/v1/openapi.json", view_func=self.openapi)
        app.add_url_rule("/v1/customers/<id>", view_func=self.customer)
        app.add_url_rule("/v1/customers/<id:id>/timeline", view_func=self.timeline)
        self._screens.add_to(app)
        self._signin.add_to(app)
        app.register_error_handler(HTTPException, _problem_of)
        app.register_error_handler(Refusal, _refused)
        app.register_error_handler(BadQuestion, _passed_on)
        app.register_error_handler(Problem, _told)
        app.after_request(_note)
        return app

    def index(self) -> Response:
        """The status page for a browser, an index as JSON for everybody else."""
        response = self._status_page() if wants_html() else self._index()
        response.headers["Vary"] = "Accept"
        return response

    def _status_page(self) -> Response:
        self._may_watch()
        return self._screens.status(self.sign_in())

    def _may_watch(self) -> None:
        """On a developer's own machine everybody may; else it takes the right."""
        if not self._config.dev_issuer:
            self._caller("status.read")

    def _index(self) -> Response:
        names = list(self._upstreams)
        return _json(
            {
                "name": "Throughline",
                "about": "one address for the services; see links",
                "sign_in": self.sign_in(),
                "links": {
                    "openapi": "/v1/openapi.json",
                    "customer": "/v1/customers/{id}",
                    "timeline": "/v1/customers/{id}/timeline",
                    "health": ["/livez", "/readyz", "/startupz"],
                    "metrics": "/metrics",
                },
                "services": {
                    name: {"base": f"/v1/{name}/", "openapi": f"/v1/{name}/openapi.json"}
                    for name in names
                },
            }
        )

    def sign_in(self) -> str:
        """What protects the gateway, in words."""
        if self._config.dev_issuer:
            return "development: anybody is whom he says; it listens on loopback only"
        return self._config.issuer_in_use

    def livez(self) -> Response:
        return _json({"status": "alive"})

    def startupz(self) -> Response:
        return _json({"status": "started"})

    def readyz(self) -> Response:
        """Ready as long as it accepts: a service that is away is told, and costs no readiness.
        Without a directory that it trusts it lets nobody in, and says so."""
        probed = self._probes.map(_reachable, self._upstreams.values())
        reachable = dict(zip(self._upstreams, probed, strict=True))
        status = "ready" if self._directory.fresh else "directory unread"
        if self.draining:
            status = "draining"
        return _json({"status": status, "services": reachable}, 200 if status == "ready" else 503)

    def metrics(self) -> Response:
        return Response(self._metrics.page(), content_type=CONTENT_TYPE)

    def openapi(self) -> Response:
        return _json(document(tuple(self._upstreams)))

    def customer(self, id: str) -> Response:
        segment = _exchange().path.rpartition("/")[2]  # still encoded, as it came
        caller = self._caller("customer.read")
        parts = self._customers.parts(segment, caller, _headers())
        if verdict(parts) != 200:
            raise not_composed(id, parts)
        self._note_access(caller, "getCustomer", id)
        shown = {name: {"status": part.status, "data": part.data} for name, part in parts.items()}
        response = _json({"id": id, "parts": shown})
        response.headers["Cache-Control"] = "no-store"
        if any(part.status == "stale" for part in parts.values()):
            response.headers["Consistency"] = "stale"
        return response

    def timeline(self, id: str) -> Response:
        query = request.query_string.decode("latin-1")
        question = Question.of(id, query, _TIMELINE_PARAMS.read())
        headers = _headers()
        caller = self._caller("timeline.read")
        timeline = self._timelines.page(question, caller, headers)
        self._note_access(caller, "getTimeline", id)
        response = _json(timeline.content)
        response.headers["Cache-Control"] = "no-store"
        if "Consistency-Token" in headers:
            response.headers["Consistency"] = "current" if timeline.current else "stale"
        return response

    def _caller(self, right: str) -> Caller:
        """Who asks, and that he may. Raises Refusal."""
        caller = self._callers.caller(request.environ)
        enter(caller, right)
        return caller

    def _note_access(self, caller: Caller, operation: str, record: str) -> None:
        if caller.may(PERSONAL):
            exchange = _exchange()
            what = f"gateway.{operation}"
            self._accesses.record(
                caller, what, record[:200], exchange.correlation, exchange.traceparent
            )


def _reachable(upstream: Upstream) -> bool:
    """Whether anything that speaks HTTP answers there."""
    try:
        answer = upstream.send(Outgoing("GET", "/livez", {}, PROBE_SECONDS))
    except Refusal:
        return False
    answer.close()
    return True


def _exchange() -> Exchange:
    return cast(Exchange, request.environ["throughline.exchange"])


def _headers() -> dict[str, str]:
    """The head for the services."""
    exchange = _exchange()
    return request_headers(request.environ, exchange.traceparent, exchange.correlation)


def _json(value: Any, status: int = 200, content_type: str = "application/json") -> Response:
    return Response(orjson.dumps(value), status, content_type=content_type)


def _refused(refusal: Refusal) -> Response:
    exchange = _exchange()
    content = refusal.problem(exchange.path, exchange.trace)
    response = Response(content, refusal.status, content_type=MEDIA_TYPE)
    response.headers.update(refusal.headers)
    return response


def _passed_on(bad: BadQuestion) -> Response:
    """The fault as the service told it."""
    return _json(bad.problem, bad.status, MEDIA_TYPE)


def _told(problem: Problem) -> Response:
    """The same fault that a service would have found."""
    members = {"errors": list(problem.errors), "facts": dict(problem.facts or {})}
    return _refused(
        Refusal(problem.status, problem.code, problem.detail, problem.headers, **members)
    )


_CODES = {404: "no-such-path", 405: "method-not-allowed"}


def _problem_of(error: HTTPException) -> Response:
    """Keeps the exception's own headers: a 405 without Allow is not one."""
    status = error.code or 500
    detail = "the gateway knows no such path; GET / lists what is here"
    if status != 404:
        detail = error.description or error.name
    response = _refused(Refusal(status, _CODES.get(status, "http"), detail))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def _note(response: Response) -> Response:
    exchange = _exchange()
    if request.url_rule is not None:
        exchange.route = _PARAMETER.sub(r"{\1}", request.url_rule.rule)
    response.headers["X-Correlation-Id"] = exchange.correlation
    exchange.note(response.status_code)
    return response
