"""The HTTP API of sales: one file a resource; `ROUTES` is all of it."""

from services.sales.api.orders import orders

ROUTES = (orders,)
