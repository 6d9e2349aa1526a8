"""A stranger who only knows a service's document tries everything: no 5xx, nothing undocumented."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.cli.openapi import document_of
from tests.house import House, opened
from tests.integration.analytics.helpers import bought, run

pytestmark = pytest.mark.integration

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

ORDER = {
    "customer_id": "ada",
    "channel": "shop",
    "lines": [
        {
            "product_id": "pump",
            "qty": 2,
            "price": {"amount": "12.50", "currency": "USD"},
            "installable": False,
        }
    ],
}


def sell(house: House) -> None:
    for _ in range(2):
        order = house.post("/v1/orders", ORDER).headers["Location"]
    house.change(f"{order}/complete")
    house.post("/v1/pools/north/sellers", {"seller_id": "ann"})
    amount = {"amount": "900.00", "currency": "USD"}
    house.post("/v1/opportunities", {"customer_id": "ada", "amount": amount})


def judge(house: House) -> None:
    house.hear(bought("ada", "90.00"), bought("bob", "10.00"))
    run(house)


def register(house: House) -> None:
    ada = house.post("/v1/customers", {"kind": "person", "source": "web", "name": "Ada"})
    lead = {"customer_id": ada.json["id"], "touch": "web", "channel": "shop", "interest": ["pump"]}
    house.post("/v1/leads", lead)


def care(house: House) -> None:
    house.post("/v1/cases", {"customer_id": "ada", "kind": "complaint", "subject": "It leaks"})


SERVICES = {"marketing": register, "sales": sell, "service": care, "analytics": judge}
"""Each with what fills its lists before the stranger comes."""


@pytest.fixture(scope="module")
def houses(mongodb_uri: str) -> Iterator[dict[str, House]]:
    found: dict[str, House] = {}
    opening = []
    try:
        for name, fill in SERVICES.items():
            definition = import_module(f"services.{name}.definition").DEFINITION
            opening.append(opened(definition, mongodb_uri))
            found[name] = opening[-1].__enter__()
            fill(found[name])
            assert found[name].commits(), "nothing to tell"
        yield found
    finally:
        for one in opening:
            one.__exit__(None, None, None)


OPERATIONS = [
    (name, path, method)
    for name in SERVICES
    for path, operations in document_of(name)["paths"].items()
    for method in operations
    if method in ("get", "post")
]


# A tier run's thread draws chance while Hypothesis watches who does.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize(("name", "path", "method"), OPERATIONS)
def test_the_document_is_kept(houses: dict[str, House], name: str, path: str, method: str) -> None:
    app = houses[name].client.application
    operation = schemathesis.openapi.from_wsgi("/v1/openapi.json", app)[path][method]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=12,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def tried(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    tried()
