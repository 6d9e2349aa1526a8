"""What a local system consists of: each process with its command and its environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.endpoints import HOUSES, Endpoints
from deploy.local.keys import ISSUER, PRIVATE, PUBLIC
from deploy.local.ports import LOOPBACK
from deploy.local.server import Server
from events.config import PLATFORM

SERVERS_FIRST = 10
"""Priorities: lower starts earlier and stops later."""
SERVICES_NEXT = 20
GATEWAY_LAST = 30

OWN = {PLATFORM: {"THROUGHLINE_WEBHOOK_ALLOW": "127.0.0.0/8"}}
"""What only some houses are told: a receiver of webhooks can be tried on this machine."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process under the supervisor. `automatic` ones start with the supervisor itself."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    priority: int = SERVICES_NEXT
    automatic: bool = False


def server_programs(servers: Sequence[Server]) -> list[Program]:
    """The embedded servers; they must be prepared."""
    return [
        Program(server.name, server.command(), priority=SERVERS_FIRST, automatic=True)
        for server in servers
    ]


def service_programs(endpoints: Endpoints) -> list[Program]:
    """Web and worker of each house, and the gateway; started once the servers are ready."""
    webs = [_web(house, endpoints) for house in HOUSES]
    workers = [_worker(house, endpoints) for house in HOUSES]
    return [*workers, *webs, _gateway(endpoints)]


def package_of(house: str) -> str:
    """Where a house's code is."""
    return f"gateway.{house}" if house == PLATFORM else f"services.{house}"


def _web(house: str, endpoints: Endpoints) -> Program:
    name = f"{house}-web"
    port = _port(endpoints.houses[house])
    environment = _environment(
        name,
        THROUGHLINE_PORT=port,
        THROUGHLINE_ACCESS_KEYS=str(Path(endpoints.keys) / PUBLIC),
        **OWN.get(house, {}),
    )
    return Program(name, _module(f"{package_of(house)}.web"), environment)


def _worker(house: str, endpoints: Endpoints) -> Program:
    name = f"{house}-worker"
    port = _port(endpoints.workers[house])
    return Program(
        name,
        _module(f"{package_of(house)}.worker"),
        _environment(name, THROUGHLINE_HEALTH_PORT=port, **OWN.get(house, {})),
    )


def _gateway(endpoints: Endpoints) -> Program:
    environment = _environment(
        "gateway",
        THROUGHLINE_PORT=_port(endpoints.gateway),
        THROUGHLINE_UPSTREAMS=_named(endpoints.houses),
        THROUGHLINE_WORKERS=_named(endpoints.workers),
        THROUGHLINE_ACCESS_KEY=str(Path(endpoints.keys) / PRIVATE),
        THROUGHLINE_DEV_ISSUER=str(Path(endpoints.keys) / ISSUER),
    )
    return Program("gateway", _module("gateway"), environment, priority=GATEWAY_LAST)


def _named(urls: Mapping[str, str]) -> str:
    return ",".join(f"{service}={url}" for service, url in urls.items())


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", name]


def _environment(instance: str, **own: str) -> dict[str, str]:
    return {"THROUGHLINE_INSTANCE": instance, "THROUGHLINE_HOST": LOOPBACK, **own}


def _port(url: str) -> str:
    return str(urlsplit(url).port)
