"""The command that is measured: an order of two lines."""

from __future__ import annotations

import json

ORDERS = "/v1/orders"


def order(customer_id: str) -> bytes:
    """Its body."""
    lines = [
        {
            "product_id": "cd-1",
            "qty": 2,
            "installable": False,
            "price": {"amount": "11.77", "currency": "USD"},
        },
        {
            "product_id": "cd-2",
            "qty": 1,
            "installable": True,
            "price": {"amount": "12.00", "currency": "USD"},
        },
    ]
    return json.dumps({"customer_id": customer_id, "lines": lines, "channel": "web"}).encode()
