"""The HTTP API of service: one file a resource; `ROUTES` is all of it."""

from services.service.api.cases import cases
from services.service.api.customers import customers
from services.service.api.interactions import interactions

ROUTES = (cases, customers, interactions)
