"""What a person reads after a start: where things are, and what to try first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

from deploy.local.endpoints import Endpoints
from deploy.local.passes import Passes
from deploy.local.paths import Paths

INTERESTING = "/v1/analytics/customers?sort=-monetary&limit=1"

TRIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "register a customer",
        "/v1/marketing/customers",
        {"kind": "person", "source": "web", "name": "Ada Lovelace"},
    ),
    (
        "capture a lead",
        "/v1/marketing/leads",
        {"customer_id": "<customer>", "touch": "web", "channel": "newsletter"},
    ),
    (
        "place an order",
        "/v1/sales/orders",
        {
            "customer_id": "<customer>",
            "channel": "web",
            "lines": [
                {
                    "product_id": "cd",
                    "qty": 2,
                    "price": {"amount": "12.50", "currency": "USD"},
                    "installable": False,
                }
            ],
        },
    ),
    (
        "open a case",
        "/v1/service/cases",
        {"customer_id": "<customer>", "kind": "fault", "subject": "The disc skips"},
    ),
)
"""What to do, where, with which body; `<customer>` becomes the customer to look at."""


def addresses(endpoints: Endpoints, paths: Paths) -> str:
    """Where everything is."""
    return "\n".join(
        (
            f"Throughline answers at {endpoints.gateway}",
            f"  its state         {endpoints.gateway}/ (in a browser)",
            f"  one customer      {endpoints.gateway}/v1/customers/<id>",
            f"  one service's API {endpoints.gateway}/v1/sales/openapi.json",
            f"  all addresses     {paths.endpoints}",
            f"  logs              {paths.logs}",
            "Sign-in is the development issuer's: `throughline token <login>` signs in as anybody",
            "of the seeded people (dora directs, sam and sue sell, ...); loopback only.",
        )
    )


def invitation(endpoints: Endpoints) -> str:
    """One customer worth looking at, and four commands to try."""
    customer = interesting_customer(endpoints)
    lines = [
        "Sign in as the director:",
        '  AS="Authorization: Bearer $(.venv/bin/throughline token dora)"',
    ]
    if customer is not None:
        url = f"{endpoints.gateway}/v1/customers/{customer}"
        lines += ["An interesting customer:", f'  curl {url} -H "$AS"']
        lines += ["Four things to try:"]
    else:
        lines += ["Four things to try (the first answers with an id to put for <customer>):"]
    for what, path, body in TRIES:
        lines += [f"  # {what}", f"  {curl(endpoints.gateway + path, filled(body, customer))}"]
    return "\n".join(lines)


def filled(body: dict[str, Any], customer: str | None) -> str:
    """The body as JSON, about this customer where there is one."""
    return json.dumps(body).replace("<customer>", customer or "<customer>")


def curl(url: str, body: str) -> str:
    return f"curl -i {url} -H \"$AS\" -H 'Content-Type: application/json' -d '{body}'"


def interesting_customer(endpoints: Endpoints) -> str | None:
    """The customer who spent most; None while there is none, or analytics is away."""
    try:
        signed = {"Authorization": Passes(Path(endpoints.keys), endpoints.gateway).of("dora")}
        found = requests.get(endpoints.gateway + INTERESTING, headers=signed, timeout=5)
        return str(found.json()["items"][0]["id"]) if found.ok else None
    except (requests.RequestException, OSError, ValueError, LookupError, TypeError):
        return None
