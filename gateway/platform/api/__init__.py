"""The HTTP API of the platform: one file a resource; `ROUTES` is all of it."""

from gateway.platform.api.accesses import accesses
from gateway.platform.api.custom import custom
from gateway.platform.api.deliveries import deliveries
from gateway.platform.api.directory import org_units, users
from gateway.platform.api.feed import feed_routes
from gateway.platform.api.links import customer_links, links
from gateway.platform.api.notes import mentions, notes
from gateway.platform.api.own_area import own_area
from gateway.platform.api.own_types import custom_fields, custom_types
from gateway.platform.api.search import search
from gateway.platform.api.subscriptions import subscriptions
from gateway.platform.equipment import feed

ROUTES = (
    users,
    org_units,
    accesses,
    search,
    subscriptions,
    deliveries,
    notes,
    mentions,
    custom_types,
    custom_fields,
    custom,
    customer_links,
    links,
    own_area,
    feed_routes(feed),
)
