"""One gateway before four services: two well, one dead, one that holds its tongue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration.gateway.little import GatewayProcess, LittleService, free_port, gateway


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


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> None:
    if "stage" in request.fixturenames:
        stage: Stage = request.getfixturevalue("stage")
        for service in (stage.sales, stage.marketing):
            service.seen.clear()
            service.routes.clear()
