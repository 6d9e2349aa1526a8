"""What a person reads after a start: where things are, and what to try first."""

from __future__ import annotations

import json
from typing import Any

import requests

from deploy.local.endpoints import Endpoints
from deploy.local.paths import Paths

INTERESTING = "/v1/analytics/customers?sort=-monetary&limit=1"

TRIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "register a customer",
        "/v1/marketing/customers",
        {"kind": "person", "name": "Ada Lovelace", "email": "ada@example.com"},
    ),
    (
        "capture a lead",
        "/v1/marketing/leads",
        {"name": "Grace Hopper", "email": "grace@example.com", "source": "web"},
    ),
    (
        "place an order",
        "/v1/sales/orders",
        {
            "customer_id": "<customer>",
            "currency": "USD",
            "lines": [{"product": "CD-1", "quantity": 2, "unit_price": "12.50"}],
        },
    ),
    (
        "open a case",
        "/v1/service/cases",
        {"customer_id": "<customer>", "subject": "The disc is scratched", "channel": "email"},
    ),
)
"""What to do, where, with which body; `<customer>` becomes the customer to look at."""


def addresses(endpoints: Endpoints, paths: Paths) -> str:
    """Where everything is."""
    return "\n".join(
        (
            f"Throughline answers at {endpoints.gateway}",
            f"  one customer      {endpoints.gateway}/v1/customers/<id>",
            f"  one service's API {endpoints.gateway}/v1/sales/openapi.json",
            f"  all addresses     {paths.endpoints}",
            f"  logs              {paths.logs}",
            "There is no sign-in yet: everything listens on loopback only.",
        )
    )


def invitation(endpoints: Endpoints) -> str:
    """One customer worth looking at, and four commands to try."""
    customer = interesting_customer(endpoints)
    lines = []
    if customer is not None:
        lines = ["An interesting customer:", f"  curl {endpoints.gateway}/v1/customers/{customer}"]
    lines += ["Four things to try:"]
    for what, path, body in TRIES:
        text = json.dumps(body).replace("<customer>", customer or "<customer>")
        lines += [f"  # {what}", f"  {curl(endpoints.gateway + path, text)}"]
    return "\n".join(lines)


def curl(url: str, body: str) -> str:
    return f"curl -i {url} -H 'Content-Type: application/json' -d '{body}'"


def interesting_customer(endpoints: Endpoints) -> str | None:
    """The customer who spent most; None while there is none, or analytics is away."""
    try:
        found = requests.get(endpoints.gateway + INTERESTING, timeout=5)
        return str(found.json()["items"][0]["customer_id"]) if found.ok else None
    except (requests.RequestException, ValueError, LookupError, TypeError):
        return None
