"""What sales shows: one view a file; `VIEWS` is all of them."""

from services.sales.views.orders import orders

VIEWS = (orders,)
