"""The HTTP API of marketing: one file a resource; `ROUTES` is all of it."""

from services.marketing.api.customers import customers
from services.marketing.api.leads import leads

ROUTES = (customers, leads)
