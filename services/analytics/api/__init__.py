"""The HTTP API of analytics: one file a resource; `ROUTES` is all of it."""

from services.analytics.api.customers import customers
from services.analytics.api.events import events
from services.analytics.api.tier_policies import tier_policies, tier_policy
from services.analytics.api.tier_runs import tier_runs
from services.analytics.api.totals import totals

ROUTES = (customers, events, tier_policy, tier_policies, tier_runs, totals)
