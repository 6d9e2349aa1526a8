"""The HTTP API of the platform: one file a resource; `ROUTES` is all of it."""

from gateway.platform.api.accesses import accesses
from gateway.platform.api.deliveries import deliveries
from gateway.platform.api.directory import org_units, users
from gateway.platform.api.feed import feed_routes
from gateway.platform.api.search import search
from gateway.platform.api.subscriptions import subscriptions
from gateway.platform.equipment import feed

ROUTES = (users, org_units, accesses, search, subscriptions, deliveries, feed_routes(feed))
