"""One gateway before four services: two well, one dead, one that holds its tongue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.local.directory import tell_directory, with_every_role
from deploy.local.keys import ensure_keys
from events.config import load_config
from events.types import new_id
from tests.integration.gateway.faulty import OVER
from tests.integration.gateway.little import (
    HOUSEHOLDS,
    TESTER,
    GatewayProcess,
    Household,
    LittleService,
    free_port,
    gateway,
)


@pytest.fixture(scope="session", autouse=True)
def _household(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A directory in which one tester may everything."""
    keys = tmp_path_factory.mktemp("keys")
    ensure_keys(keys)
    made = Household(mongodb_uri, f"gateway_{new_id()[-12:]}_", keys)
    tell_directory(load_config(made.variables), with_every_role(TESTER))
    HOUSEHOLDS.append(made)
    yield
    HOUSEHOLDS.clear()


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
