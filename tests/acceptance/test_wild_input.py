"""Strangers who know nothing but the OpenAPI documents: whatever they try, no 5xx and no harm."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.local.endpoints import SERVICES
from tests.acceptance import stories
from tests.acceptance.stores import Stores
from tests.acceptance.system import System

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
UNREAD = (414, 431)
"""Refused while the head was still being read: what the request was about is not known then."""

EXAMPLES = 8
"""Of each operation in each mode; the same ones every time."""

BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def there(system: System) -> dict[str, str]:
    """Ids of what is there, by the names that they have in paths."""
    api = system.api
    customer = stories.customer(api)
    customer_id = customer.id
    stories.seller(api, "wild", "s1")
    return {
        "customer_id": customer_id,
        "lead_id": stories.lead(api, customer_id).id,
        "order_id": stories.order(api, customer_id).id,
        "opportunity_id": stories.opportunity(api, customer_id).id,
        "case_id": stories.case(api, customer_id).id,
        "pool_id": "wild",
        "event_id": customer.events[0],
        "stream": f"customer-{customer_id}",
    }


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("service", SERVICES)
def test_no_request_breaks_a_service(
    system: System, there: dict[str, str], service: str, mode: GenerationMode
) -> None:
    url = system.endpoints.services[service]
    document = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")
    found = list(document.get_all_operations())
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    assert len(operations) == len(found), "the document has operations that nobody can call"
    assert operations
    for operation in operations:
        visit(operation, there, url, mode)


def visit(operation: Any, there: dict[str, str], url: str, mode: GenerationMode) -> None:
    """Calls one operation, half of the time about something that exists."""

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def call(case: Any, real: bool) -> None:
        if real and case.path_parameters:
            known = {name: there[name] for name in case.path_parameters if name in there}
            case.path_parameters.update(known)
        answer = case.call(base_url=url)
        unread = answer.status_code in UNREAD
        case.validate_response(answer, checks=[not_a_server_error] if unread else CHECKS)

    call()


def test_nothing_was_harmed(system: System, there: dict[str, str]) -> None:
    """After all of that every worker is well, nothing is parked, and the four services agree."""
    stores = Stores(system)
    stores.settle()
    for service, url in system.endpoints.workers.items():
        loops = requests.get(f"{url}/status", timeout=10).json()["loops"]
        assert {name: loop["halted"] for name, loop in loops.items()} == dict.fromkeys(loops)
        live = stores.versions(service)["live"]
        assert stores.collection(service, f"parked_streams_v{live}").count_documents({}) == 0
    path = f"customers/{there['customer_id']}/timeline/digest"
    digests = [system.api.read(f"/v1/{service}/{path}") for service in SERVICES]
    assert digests == digests[:1] * len(SERVICES)
