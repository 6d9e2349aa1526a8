"""One gateway before four services: two well, one dead, one that holds its tongue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration.gateway.faulty import OVER
from tests.integration.gateway.little import GatewayProcess, LittleService, free_port, gateway

NAMES = ("marketing", "sales", "service", "analytics")


@dataclass
class Stage:
    """`sales` and `marketing` answer, nothing listens for `service`."""

    gateway: GatewayProcess
    sales: LittleService
    marketing: LittleService


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    sales, marketing = LittleService(), LittleService()
    upstreams = {
        "sales": sales.url,
        "marketing": marketing.url,
        "service": f"http://127.0.0.1:{free_port()}",
    }
    with gateway(
        upstreams, threads=16, command_timeout=1, read_timeout=1, client_timeout=2
    ) as process:
        yield Stage(process, sales, marketing)
    sales.close()
    marketing.close()


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, LittleService]]:
    """Four that answer as the test says; those who keep silent are let go at the end."""
    OVER.clear()
    services = {name: LittleService() for name in NAMES}
    yield services
    OVER.set()
    for service in services.values():
        service.close()


@pytest.fixture(scope="module")
def edge(services: dict[str, LittleService]) -> Iterator[GatewayProcess]:
    """A gateway that gives each of the four half a second for its part."""
    upstreams = {name: service.url for name, service in services.items()}
    with gateway(upstreams, part_timeout=0.5) as process:
        yield process


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> None:
    if "stage" in request.fixturenames:
        stage: Stage = request.getfixturevalue("stage")
        for service in (stage.sales, stage.marketing):
            service.seen.clear()
            service.routes.clear()
