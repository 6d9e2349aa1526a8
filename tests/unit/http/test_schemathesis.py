"""A stranger who only knows the document tries everything: no 5xx, no undocumented answer."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.http.depot import Depot

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

DEPOT = Depot()
document = schemathesis.openapi.from_wsgi("/v1/openapi.json", DEPOT.app)


@document.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_document_is_kept(case: Any) -> None:
    case.call_and_validate(checks=CHECKS)


@pytest.fixture(scope="module", autouse=True)
def some_parcels() -> None:
    for place in ("Riga", "Oslo"):
        assert DEPOT.send(place).status_code == 201
