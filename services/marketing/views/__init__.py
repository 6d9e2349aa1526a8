"""What marketing shows: one view a file; `VIEWS` is all of them."""

from services.marketing.views.customers import customers
from services.marketing.views.leads import leads

VIEWS = (customers, leads)
