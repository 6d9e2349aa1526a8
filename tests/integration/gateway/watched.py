"""A gateway before little services with little workers, and its pages as a reader meets them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from tests.integration.gateway.little import (
    GatewayProcess,
    LittleService,
    Route,
    free_port,
    gateway,
)

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HOSTILE = "</td><script>alert('1')</script>\"&"


def answering(document: Any, status: int = 200) -> Route:
    body = json.dumps(document).encode()
    return lambda call: call.answer(status, body, ("Content-Type", "application/json"))


def event(version: int, **other: Any) -> dict[str, Any]:
    return {
        "type": "sales.order-placed.v1",
        "source": "sales",
        "stream": "order-01a2",
        "version": version,
        "recorded_at": f"2026-01-31T09:15:{version:02}.000Z",
        **other,
    }


def working(**changes: Any) -> dict[str, Any]:
    """What a worker tells; `changes` are the projector's."""
    projector = {"applied": 684, "parked": 0, "lag": 12, "halted": None, **changes}
    relay = {"published": 602, "behind_seconds": 0.25, "halted": None}
    loops = {"relay": relay, "projector.v1": projector, "reactions": {"fired": 1, "lag": 3}}
    return {"service": "sales", "loops": loops, "recent": [event(1), event(2)]}


@dataclass
class System:
    """`sales` has both processes, of `marketing` nobody says where the worker is, `service` is
    away."""

    gateway: GatewayProcess
    web: LittleService
    worker: LittleService

    def page(self) -> str:
        reply = self.gateway.ask("GET", "/", BROWSER)
        assert reply.status == 200
        return reply.body.decode()

    def facts(self) -> Any:
        return self.gateway.get("/status").json

    def sales(self) -> Any:
        return self.facts()["services"]["sales"]


@contextmanager
def watched() -> Iterator[System]:
    web, worker = LittleService(), LittleService()
    upstreams = {
        "sales": web.url,
        "marketing": web.url,
        "service": f"http://127.0.0.1:{free_port()}",
    }
    workers = f"sales={worker.url},service=http://127.0.0.1:{free_port()}"
    with gateway(upstreams, workers=workers, part_timeout=0.5) as process:
        yield System(process, web, worker)
    web.close()
    worker.close()


@dataclass
class Parsed(HTMLParser):
    """The elements of a page, with their attributes."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for known, attributes in self.elements if known == tag]


def parsed(page: str) -> Parsed:
    found = Parsed()
    found.feed(page)
    return found


def text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def assert_stays_here(page: str, own: str = "") -> None:
    """Nothing that a browser would fetch or follow is elsewhere, and nothing can run."""
    elements = parsed(page).elements
    addresses = [
        value
        for _, attributes in elements
        for name, value in attributes.items()
        if name in ("href", "src", "action", "srcset")
    ]
    assert addresses
    assert all(re.match(r"(/(?!/)|#)", address or "") for address in addresses)
    hosts = set(re.findall(r"//[^\s/'\"<]+", page))
    assert hosts <= {f"//{own}"}
    assert not {"script", "style", "img", "iframe", "object"} & {tag for tag, _ in elements}
    assert not [name for _, attributes in elements for name in attributes if name[:2] == "on"]
