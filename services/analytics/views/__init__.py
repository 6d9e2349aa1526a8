"""What analytics shows and judges from: one view a file; `VIEWS` is all of them."""

from services.analytics.views.customers import customers
from services.analytics.views.purchases import purchases
from services.analytics.views.tier_policies import tier_policies, tier_thresholds
from services.analytics.views.totals import totals

VIEWS = (purchases, customers, tier_policies, tier_thresholds, totals)
