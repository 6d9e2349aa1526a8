"""What the platform shows: one view a file; `VIEWS` is all of them."""

from gateway.platform.views.accesses import accesses
from gateway.platform.views.directory import org_units, users
from gateway.platform.views.search import order_numbers, search
from gateway.platform.views.subscriptions import subscriptions

VIEWS = (users, org_units, accesses, search, order_numbers, subscriptions)
