"""What sales shows: one view a file; `VIEWS` is all of them."""

from services.sales.views.assignments import assignments
from services.sales.views.customers import customers
from services.sales.views.opportunities import opportunities
from services.sales.views.orders import orders
from services.sales.views.pools import pools
from services.sales.views.totals import totals

VIEWS = (orders, opportunities, assignments, pools, customers, totals)
