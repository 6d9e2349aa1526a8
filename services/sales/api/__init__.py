"""The HTTP API of sales: one file a resource; `ROUTES` is all of it."""

from services.sales.api.customers import customers
from services.sales.api.opportunities import opportunities
from services.sales.api.orders import orders
from services.sales.api.pools import assignments, pools
from services.sales.api.totals import totals

ROUTES = (orders, opportunities, pools, assignments, customers, totals)
