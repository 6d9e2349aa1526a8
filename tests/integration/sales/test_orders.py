"""Orders over HTTP, on a real MongoDB."""

from __future__ import annotations

from typing import Any

import pytest

from tests.house import House
from tests.unit.http.depot import is_problem

pytestmark = pytest.mark.integration

LINE = {
    "product_id": "pump",
    "qty": 2,
    "price": {"amount": "12.50", "currency": "USD"},
    "installable": False,
}


def body(**more: Any) -> dict[str, Any]:
    return {"customer_id": "ada", "lines": [LINE], "channel": "shop", **more}


def placed(sales: House, **more: Any) -> str:
    answer = sales.post("/v1/orders", body(**more))
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def test_an_order_is_placed_with_all_that_belongs_to_it(sales: House) -> None:
    given = body(
        kind="lease",
        discount={"amount": "5.00", "currency": "USD"},
        total={"amount": "20.00", "currency": "USD"},
        member_no="M-1",
        partner_id="p-1",
        campaign_id="c-1",
        opportunity_id="d-1",
        scope={"org_unit": "north", "team": "field", "owner": "olga"},
    )
    answer = sales.post("/v1/orders", given)

    shown = sales.get(answer.headers["Location"])

    assert (shown.status_code, shown.headers["ETag"]) == (200, '"1"')
    assert shown.json["total"] == {"amount": "20.00", "currency": "USD"}
    for name in ("kind", "discount", "partner_id", "campaign_id", "opportunity_id", "lines"):
        assert shown.json[name] == given[name]
    assert shown.json["owner"] == "olga"
    assert "member_no" not in shown.json
    (event,) = sales.get("/v1/customers/ada/timeline").json["items"]
    assert event["data"]["member_no"] == "M-1"


def test_a_total_that_does_not_add_up_changes_nothing(sales: House) -> None:
    wrong = body(total={"amount": "24.99", "currency": "USD"})

    problem = is_problem(sales.post("/v1/orders", wrong), 409, "total-mismatch")

    assert problem["facts"]["computed"] == {"amount": "25.00", "currency": "USD"}
    assert sales.commits() == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{**LINE, "qty": 0}]}, "/lines/0/qty"),
        (
            {"lines": [{**LINE, "price": {"amount": "x", "currency": "USD"}}]},
            "/lines/0/price/amount",
        ),
        (
            {"lines": [{**LINE, "price": {"amount": "1.005", "currency": "USD"}}]},
            "/lines/0/price/amount",
        ),
        ({"channel": "Not a code"}, "/channel"),
        ({"kind": "gift"}, "/kind"),
        ({"discount": {"amount": "-1", "currency": "USD"}}, "/discount/amount"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_a_faulty_order_is_refused_by_field(
    sales: House, change: dict[str, Any], pointer: str
) -> None:
    problem = is_problem(sales.post("/v1/orders", body(**change)), 422, "invalid")

    assert [one["pointer"] for one in problem["errors"]] == [pointer]
    assert sales.commits() == []


def test_an_order_is_completed_or_cancelled_once(sales: House) -> None:
    done, off = placed(sales), placed(sales)

    assert sales.post(f"/v1/orders/{done}/complete", If_Match='"1"').headers["ETag"] == '"2"'
    assert sales.change(f"/v1/orders/{off}/cancel", {"reason": "no_stock"}).status_code == 200

    is_problem(sales.change(f"/v1/orders/{done}/cancel", {"reason": "late"}), 409, "order-closed")
    is_problem(sales.change(f"/v1/orders/{off}/complete"), 409, "order-closed")
    assert sales.get(f"/v1/orders/{off}").json["reason"] == "no_stock"


def test_a_change_needs_the_right_version_of_an_order_that_exists(sales: House) -> None:
    path = f"/v1/orders/{placed(sales)}/complete"

    is_problem(sales.post(path), 428, "precondition-required")
    is_problem(sales.post(path, If_Match='"7"'), 412, "precondition-failed")
    is_problem(sales.change("/v1/orders/none/complete"), 404, "not-found")
    is_problem(sales.get("/v1/orders/none"), 404, "not-found")


def test_a_repeated_request_is_answered_again_and_done_once(sales: House) -> None:
    first = sales.post("/v1/orders", body(), Idempotency_Key="key-1")
    second = sales.post("/v1/orders", body(), Idempotency_Key="key-1")

    assert second.json == first.json
    assert second.headers["Idempotency-Replayed"] == "true"
    is_problem(
        sales.post("/v1/orders", body(channel="web"), Idempotency_Key="key-1"),
        422,
        "idempotency-key-reused",
    )
    assert len(sales.commits()) == 1


def test_orders_are_listed_by_filter_and_sort(sales: House) -> None:
    small = placed(sales, lines=[{**LINE, "qty": 1}])
    large = placed(sales, lines=[{**LINE, "qty": 9}])
    other = placed(sales, customer_id="bob", channel="web", kind="service")
    sales.change(f"/v1/orders/{large}/complete")

    def ids(**params: str) -> list[str]:
        return [one["id"] for one in sales.get("/v1/orders", **params).json["items"]]

    assert ids() == [other, large, small]
    assert ids(sort="total") == [small, other, large]
    assert ids(sort="-total", customer_id="ada") == [large, small]
    assert ids(status="completed") == [large]
    assert ids(channel="web") == ids(kind="service") == ids(customer_id="bob") == [other]
    is_problem(sales.get("/v1/orders", sort="color"), 400, "bad-parameter")
    is_problem(sales.get("/v1/orders", colour="red"), 400, "bad-parameter")


def test_a_summary_and_the_totals_tell_the_same_money(sales: House) -> None:
    for _ in range(3):
        sales.change(f"/v1/orders/{placed(sales)}/complete")
    placed(sales)

    summary = sales.get("/v1/customers/ada/summary").json
    totals = sales.get("/v1/totals").json

    assert summary["spent"] == totals["spent"] == {"USD": "75.00"}
    assert (summary["orders_placed"], summary["orders_completed"]) == (4, 3)
    assert (totals["orders"], totals["purchases"], totals["quantity"]) == (4, 3, 6)
    assert (summary["discount_band_pct"], summary["discount_band_version"]) == (5, 1)
    is_problem(sales.get("/v1/customers/nobody/summary"), 404, "not-found")
