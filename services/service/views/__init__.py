"""What service shows: one view a file; `VIEWS` is all of them."""

from services.service.views.cases import cases
from services.service.views.customers import customers
from services.service.views.interactions import interactions

VIEWS = (cases, customers, interactions)
