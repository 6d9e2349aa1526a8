/**
 * What the compiler must refuse. Each line below is wrong; were the types loose, the mark above it
 * would be the error. Nothing runs this.
 */
import { throughline } from "./throughline.ts";

const crm = throughline({ url: "" });
const path = { order_id: "o-1" };

// @ts-expect-error there is no such path
void crm.GET("/v1/sales/invoices");

// @ts-expect-error behind the gateway each service has its name in front
void crm.GET("/v1/orders");

// @ts-expect-error a change of what exists takes If-Match
void crm.POST("/v1/sales/orders/{order_id}/complete", { params: { path } });

// @ts-expect-error an order has lines and a channel
void crm.POST("/v1/sales/orders", { body: { customer_id: "c-1" } });

// @ts-expect-error a status is one of a few words
void crm.GET("/v1/sales/orders", { params: { query: { status: "lost" } } });

const order = await crm.GET("/v1/sales/orders/{order_id}", { params: { path } });
// @ts-expect-error without a look at the error there may be no data
void order.data.status;
// @ts-expect-error an order has no such field
void order.data?.colour;
