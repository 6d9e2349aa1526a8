"""What the platform shows: one view a file; `VIEWS` is all of them."""

from gateway.platform.views.accesses import accesses
from gateway.platform.views.directory import org_units, users
from gateway.platform.views.links import links
from gateway.platform.views.notes import mentions, notes
from gateway.platform.views.own_types import custom_fields, custom_types, custom_values
from gateway.platform.views.search import order_numbers, search
from gateway.platform.views.subscriptions import subscriptions

VIEWS = (
    users,
    org_units,
    accesses,
    search,
    order_numbers,
    subscriptions,
    notes,
    mentions,
    custom_types,
    custom_fields,
    custom_values,
    links,
)
