"""The WSGI application: checks a request, sends it to its service, relays the answer.

A plain callable instead of a framework, because every command and every read passes here; what
the gateway answers itself (pages.py) is Flask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from events.access.caller import Caller
from events.config import PLATFORM, SERVICES
from gateway.bodies import request_body
from gateway.config import RESERVE, GatewayConfig, is_loopback
from gateway.customers import Customers
from gateway.drift import Drift
from gateway.exchange import Exchange, log
from gateway.headers import ACCESSED, request_headers, response_headers
from gateway.household import Household
from gateway.metrics import Metrics, Routes
from gateway.pages import Pages
from gateway.parts import Parts
from gateway.paths import split_target
from gateway.problems import MEDIA_TYPE, Refusal, status_line
from gateway.screens import Watching
from gateway.timelines import Timelines
from gateway.timeouts import Timeouts
from gateway.upstreams import Answer, Outgoing, Upstream
from gateway.watch import Watch

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SHORT = frozenset({"events", "search"})
"""First segments under /v1 that stand for `platform/<segment>`."""

OPEN = ("openapi.json",)
"""What of a service needs no sign-in: the description of its API."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Edge:
    """The gateway as one WSGI callable. Made after fork: it owns connections and threads."""

    def __init__(self, config: GatewayConfig, house: Household) -> None:
        timeouts = Timeouts(
            config.connect_timeout, config.command_timeout, config.read_timeout, config.part_timeout
        )
        self._config = config
        self._timeouts = timeouts
        self._upstreams = {
            name: Upstream(address, config.threads - RESERVE, config.connect_timeout)
            for name, address in config.upstreams.items()
        }
        self._metrics = Metrics(self._upstreams.values())
        self._routes = Routes()
        self._callers = house.callers
        self._accesses = house.accesses
        parts = Parts(
            {name: self._upstreams[name] for name in config.upstreams if name in SERVICES},
            timeouts,
            self._callers.authorization,
        )
        watch = Watch(config, self._metrics)
        drift = None
        if platform := self._upstreams.get(PLATFORM):
            drift = Drift(platform, parts, watch.look, self._callers.authorization).start()
            self._metrics.follow(drift)
        self._pages = Pages(
            config,
            self._upstreams,
            Customers(parts),
            Timelines(parts),
            self._metrics,
            house,
            Watching(watch, drift),
        )

    def drain(self) -> None:
        """Says from now on that no new traffic is wanted; called from a signal handler."""
        self._pages.draining = True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = Exchange(environ, self._metrics)
        try:
            return self._answer(environ, start_response, exchange)
        except Refusal as refusal:
            return refuse(refusal, start_response, exchange)
        except Exception:
            log.exception("unexpected", trace_id=exchange.trace)
            fault = Refusal(500, "internal", "the gateway failed; the fault is in its log")
            return refuse(fault, start_response, exchange)

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, exchange: Exchange
    ) -> Iterable[bytes]:
        if exchange.method not in METHODS:
            allowed = {"Allow": ", ".join(METHODS)}
            raise Refusal(405, "method-not-allowed", "the method is not served here", allowed)
        path, query = split_target(environ["RAW_URI"])
        exchange.path = path
        self._check_host(environ)
        name, rest = addressed(path)
        upstream = self._upstreams.get(name)
        if upstream is None or not rest:
            environ["throughline.exchange"] = exchange
            return self._pages(environ, start_response)
        exchange.upstream = name
        target = f"/v1/{rest}?{query}" if query else f"/v1/{rest}"
        return self._relay(upstream, target, environ, start_response, exchange, rest)

    def _check_host(self, environ: Mapping[str, Any]) -> None:
        """With the development issuer loopback is the only protection: a web page that makes its
        own name resolve to 127.0.0.1 would get round it, so that name is refused."""
        host = environ.get("HTTP_HOST", "")
        if not host and environ["SERVER_PROTOCOL"] != "HTTP/1.0":
            raise Refusal(400, "malformed-host", "the Host header is missing")
        name = host_name(host)
        if name is None:
            raise Refusal(400, "malformed-host", "the Host header is malformed")
        if name and not self._config.public and not is_loopback(name):
            raise Refusal(421, "misdirected", "this gateway answers to loopback names only")

    def _relay(
        self,
        upstream: Upstream,
        target: str,
        environ: Mapping[str, Any],
        start_response: StartResponse,
        exchange: Exchange,
        rest: str,
    ) -> Iterable[bytes]:
        caller = None if rest in OPEN else self._callers.caller(environ)
        timeout = self._timeouts.answer(exchange.method, environ.get("HTTP_PREFER", ""))
        body = request_body(environ, self._config.body_limit)
        headers = request_headers(environ, exchange.traceparent, exchange.correlation)
        if caller is not None:
            headers["Authorization"] = self._callers.authorization(caller, upstream.name)
        if body.length is not None:
            headers["Content-Length"] = str(body.length)
        answer = upstream.send(Outgoing(exchange.method, target, headers, timeout, body))
        try:
            exchange.route = self._routes.name(upstream.name, rest, answer.status)
            if caller is not None and (accessed := answer.headers.get(ACCESSED)):
                self._note_access(caller, upstream.name, accessed, exchange)
            authorities = frozenset({upstream.authority, environ.get("HTTP_HOST", "")})
            lines = response_headers(answer.headers.items(), upstream.name, authorities)
            if "X-Correlation-Id" not in answer.headers:
                lines.append(("X-Correlation-Id", exchange.correlation))
            if answer.is_small:
                content = answer.read()
                start_response(_status(answer.status), lines)
                exchange.note(answer.status)
                return [content]
            start_response(_status(answer.status), lines)
            return Relayed(answer, exchange)
        except BaseException:
            answer.close()
            raise

    def _note_access(self, caller: Caller, service: str, accessed: str, exchange: Exchange) -> None:
        operation, _, record = accessed.partition(" ")
        known = None if record == "-" else record
        what = f"{service}.{operation}"
        self._accesses.record(caller, what, known, exchange.correlation, exchange.traceparent)


class Relayed:
    """The body of a large answer, in pieces as the service sends them.

    When the service breaks off, the error reaches gunicorn, which cuts the client's connection:
    the only way left to say that the body is not complete.
    """

    def __init__(self, answer: Answer, exchange: Exchange) -> None:
        self._answer = answer
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.pieces()

    def close(self) -> None:
        self._answer.close()
        self._exchange.note(self._answer.status)


def refuse(refusal: Refusal, start_response: StartResponse, exchange: Exchange) -> Iterable[bytes]:
    """Answers a refusal as a problem."""
    content = refusal.problem(exchange.path, exchange.trace)
    lines = [
        ("Content-Type", MEDIA_TYPE),
        ("Content-Length", str(len(content))),
        ("X-Correlation-Id", exchange.correlation),
        *refusal.headers.items(),
    ]
    start_response(status_line(refusal.status), lines)
    exchange.note(refusal.status, code=refusal.code)
    return [content]


def addressed(path: str) -> tuple[str, str]:
    """(service, what of it) for `/v1/<service>/<rest>`; the platform's feed and search are known
    by short paths too. Empty names for what is nobody's but the gateway's."""
    if not path.startswith("/v1/"):
        return "", ""
    name, _, rest = path[4:].partition("/")
    if name in SHORT:
        return PLATFORM, path[4:]
    return name, rest


@lru_cache(maxsize=256)
def host_name(host: str) -> str | None:
    """The name in a Host header, `""` for an empty one, None when it is malformed."""
    try:
        where = urlsplit(f"//{host}")
        where.port  # noqa: B018 - raises when it is no number
    except ValueError:
        return None
    if where.path or where.query or where.fragment or where.username is not None:
        return None
    return where.hostname or ""


@lru_cache(maxsize=128)
def _status(status: int) -> str:
    try:
        return status_line(status)
    except ValueError:
        return f"{status} Unregistered"
