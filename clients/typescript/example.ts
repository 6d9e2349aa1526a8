/**
 * Places an order, waits until the view shows it, and lists the customer's orders:
 *
 *     node example.ts https://crm.example.com <token>
 */
import { throughline } from "./throughline.ts";

const [url = "http://127.0.0.1:8000", token = ""] = process.argv.slice(2);
const crm = throughline({ url, token: () => token });

const customer = await crm.POST("/v1/marketing/customers", {
  body: { kind: "person", source: "web", name: "Ada Lovelace" },
});
if (!customer.data) throw new Error(`refused: ${customer.error.detail}`);

const placed = await crm.POST("/v1/sales/orders", {
  body: {
    customer_id: customer.data.id,
    channel: "web",
    lines: [
      {
        product_id: "cd",
        qty: 2,
        price: { amount: "12.50", currency: "USD" },
        installable: false,
      },
    ],
  },
});
if (!placed.data) throw new Error(`refused: ${placed.error.detail}`);

const order_id = placed.data.id;
const completed = await crm.POST("/v1/sales/orders/{order_id}/complete", {
  params: {
    path: { order_id },
    header: { "If-Match": placed.response.headers.get("ETag") ?? "*" },
  },
});
if (!completed.data) throw new Error(`refused: ${completed.error.detail}`);

const order = await crm.GET("/v1/sales/orders/{order_id}", {
  params: {
    path: { order_id },
    header: {
      "Consistency-Token": completed.response.headers.get("Consistency-Token") ?? "",
      Prefer: "wait=10, handling=strict",
    },
  },
});
console.log(order.data?.status, order.data?.total);

const orders = await crm.GET("/v1/sales/orders", {
  params: { query: { customer_id: customer.data.id, sort: "-placed_at" } },
});
for (const one of orders.data?.items ?? []) console.log(one.id, one.status);
