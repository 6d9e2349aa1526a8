"""Pages for people: the status of the system, and the APIs described.

Rendered here, whole, from what the services tell; escaped everywhere. A browser is allowed one
thing beside the text, the style sheet from here: no script, no picture, no other host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, render_template, request
from jinja2 import StrictUndefined

from gateway.apidocs import api_page
from gateway.config import GatewayConfig
from gateway.drift import Drift, Suspect
from gateway.openapi import document as own_document
from gateway.parts import document
from gateway.problems import Refusal
from gateway.schemas import Schema
from gateway.sighting import Sighting
from gateway.upstreams import Outgoing, ServiceGarbled, Upstream
from gateway.watch import Watch

STYLE = Path(__file__).with_name("templates") / "style.css"

POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

REFRESH_SECONDS = 5
DESCRIPTION_LIMIT = 4 * 1024 * 1024
"""Bytes of an OpenAPI document: thirty times our largest."""

RUNBOOK = "docs/runbooks/consumer-halted.md"
DRIFT_RUNBOOK = "docs/runbooks/timelines-differ.md"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that a person should look at."""

    where: str
    what: str
    reason: str = ""
    runbook: str = ""


def troubles(sighting: Sighting) -> list[Trouble]:
    """Processes that are not up, and loops that wait for a person. Lag is no trouble: it passes."""
    found = []
    for name, seen in sighting.services.items():
        for kind, state in (("web", seen.web), ("worker", seen.worker)):
            if state not in ("up", "unknown"):
                found.append(Trouble(name, f"{kind} is {state}"))
        for loop in seen.halted:
            found.append(Trouble(name, f"{loop.name} has halted", loop.halted or "", RUNBOOK))
    return found


def differences(drifting: Sequence[Suspect]) -> list[Trouble]:
    """Customers of whom the services don't tell one story."""
    if not drifting:
        return []
    told = f"{len(drifting)} customers' differ between services"
    return [Trouble("timelines", told, drifting[0].customer_id, DRIFT_RUNBOOK)]


@dataclass(frozen=True, slots=True)
class Watching:
    """What the pages of state look through; without a platform nothing is compared."""

    watch: Watch
    drift: Drift | None = None

    @property
    def drifting(self) -> Sequence[Suspect]:
        return self.drift.drifting if self.drift else ()


def wants_html() -> bool:
    """Whether the client says that it would rather have HTML than JSON, as browsers do."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


class Screens:
    """The status page and the API pages; `Pages` asks for the first when a browser is at `/`."""

    def __init__(
        self,
        config: GatewayConfig,
        upstreams: Mapping[str, Upstream],
        watching: Watching,
        may_watch: Callable[[], None],
    ) -> None:
        """`may_watch` raises a refusal for whoever may not see the state of the system."""
        self._may_watch = may_watch
        self._upstreams = upstreams
        self._watching = watching
        self._timeout = config.part_timeout
        self._style = STYLE.read_bytes()

    def add_to(self, app: Flask) -> None:
        app.jinja_env.undefined = StrictUndefined
        app.jinja_env.filters.update(FILTERS)
        app.add_url_rule("/status", view_func=self.facts)
        app.add_url_rule("/docs/<service>", view_func=self.docs)
        app.add_url_rule("/style.css", view_func=self.style)

    def status(self, sign_in: str) -> Response:
        sighting = self._watching.watch.look()
        return self._page(
            "status.html",
            sighting=sighting,
            troubles=[*troubles(sighting), *differences(self._watching.drifting)],
            sign_in=sign_in,
            refresh=None if request.args.get("refresh") == "off" else REFRESH_SECONDS,
        )

    def facts(self) -> Response:
        """What the status page shows, as JSON."""
        self._may_watch()
        told = self._watching.watch.look().as_dict()
        drift = self._watching.drift
        told["drift"] = {
            "compared": drift.compared if drift else 0,
            "customers": [asdict(one) for one in self._watching.drifting],
        }
        body = orjson.dumps(told)
        response = Response(body, content_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    def docs(self, service: str) -> Response:
        """Raises the refusals of a service that is away, and 404 for one that is none."""
        self._may_watch()
        prefix = "/v1" if service == "gateway" else f"/v1/{service}"
        described = self._described(service)
        page = api_page(described, request.host_url.rstrip("/"), prefix)
        return self._page("api.html", service=service, prefix=prefix, api=page)

    def style(self) -> Response:
        response = Response(self._style, content_type="text/css; charset=utf-8")
        response.headers.update({**HEADERS, "Cache-Control": "max-age=60"})
        return response

    def _described(self, service: str) -> Schema:
        if service == "gateway":
            return own_document(tuple(self._upstreams))
        upstream = self._upstreams.get(service)
        if upstream is None:
            raise Refusal(404, "no-such-path", f"no service is called {service}")
        answer = upstream.send(Outgoing("GET", "/v1/openapi.json", {}, self._timeout))
        try:
            if answer.status != 200:
                raise ServiceGarbled(service)
            return document(answer, DESCRIPTION_LIMIT)
        except ValueError:
            raise ServiceGarbled(service) from None
        finally:
            answer.close()

    def _page(self, template: str, **facts: Any) -> Response:
        shown = render_template(template, services=list(self._upstreams), **facts)
        response = Response(shown, content_type="text/html; charset=utf-8")
        response.headers.update(HEADERS)
        return response


# --- how figures are written

UNTOLD = "–"


def count(value: int | None) -> str:
    """`23 570`, with spaces that do not break."""
    return UNTOLD if value is None else f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def rate(value: float | None) -> str:
    """A second; empty while there is nothing to compare with."""
    if value is None:
        return ""
    return f"{value:.0f}/s" if value >= 10 or value == 0 else f"{value:.1f}/s"


def seconds(value: float | None) -> str:
    if value is None:
        return UNTOLD
    return f"{value:.1f} s" if value < 100 else f"{count(round(value))} s"


def percent(value: float | None) -> str:
    """Of the latest requests; empty without any."""
    return "" if value is None else f"{100 * value:.1f} % lately"


FILTERS = {"count": count, "rate": rate, "seconds": seconds, "percent": percent}
