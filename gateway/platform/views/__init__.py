"""What the platform shows: one view a file; `VIEWS` is all of them."""

from gateway.platform.views.accesses import accesses
from gateway.platform.views.directory import org_units, users
from gateway.platform.views.notes import mentions, notes

VIEWS = (users, org_units, accesses, notes, mentions)
