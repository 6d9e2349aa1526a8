"""Things that happen to customers, each in one line: for tests that are about something else."""

from __future__ import annotations

from typing import Any

from tests.acceptance.api import Api, Done


def customer(api: Api, **more: Any) -> Done:
    return api.create("/v1/marketing/customers", {"kind": "person", "source": "web", **more})


def dollars(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def line(amount: str, qty: int = 1) -> dict[str, Any]:
    return {"product_id": "p1", "qty": qty, "price": dollars(amount), "installable": False}


def order(api: Api, customer_id: str, *amounts: str) -> Done:
    """Placed, a line for each amount (default: one of 12.50)."""
    lines = [line(amount) for amount in amounts or ("12.50",)]
    body = {"customer_id": customer_id, "channel": "web", "lines": lines}
    return api.create("/v1/sales/orders", body)


def purchase(api: Api, customer_id: str, amount: str = "12.50") -> Done:
    """An order, completed."""
    placed = order(api, customer_id, amount)
    return api.change(f"/v1/sales/orders/{placed.id}/complete")


def case(api: Api, customer_id: str, kind: str = "question", **more: Any) -> Done:
    body = {"customer_id": customer_id, "kind": kind, "subject": "How does it work?", **more}
    return api.create("/v1/service/cases", body)


def resolve(api: Api, case_id: str) -> Done:
    body = {"cause_code": "explained", "resolution": "It was explained."}
    return api.change(f"/v1/service/cases/{case_id}/resolve", body)


def opportunity(api: Api, customer_id: str, amount: str = "100.00", **more: Any) -> Done:
    body = {"customer_id": customer_id, "amount": dollars(amount), **more}
    return api.create("/v1/sales/opportunities", body)


def lead(api: Api, customer_id: str, **more: Any) -> Done:
    body = {"customer_id": customer_id, "touch": "web", "channel": "web", **more}
    return api.create("/v1/marketing/leads", body)


def seller(api: Api, pool_id: str, seller_id: str, **more: Any) -> Done:
    """Takes on leads of the pool; the pool of an org unit has its name."""
    scope = {"org_unit": pool_id}
    return api.create(
        f"/v1/sales/pools/{pool_id}/sellers", {"seller_id": seller_id, "scope": scope, **more}
    )


def qualified(api: Api, customer_id: str, org_unit: str, **more: Any) -> str:
    """The id of a lead that went on to sales."""
    captured = lead(api, customer_id, scope={"org_unit": org_unit})
    body = {"need": "A pump that is quiet", "product_line": "pumps", **more}
    api.change(f"/v1/marketing/leads/{captured.id}/qualify", body)
    return captured.id
