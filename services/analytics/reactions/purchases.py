"""A purchase may move the customer's tier at once; the others move with the next run.

Measured when the reaction decides, by the policy in force and its last thresholds. While no
thresholds have been computed nobody is judged: there is nothing to compare with.
"""

from __future__ import annotations

from datetime import datetime

from events.contracts.sales import OrderCompleted
from events.envelope import Event
from events.projection.reader import Views
from events.reactions import Reaction, Reply
from services.analytics.domain.insight import INSIGHT, AssessCustomer
from services.analytics.domain.tiers import metrics
from services.analytics.views.reading import places_of, purchases_of, standard_in_force


def assess(event: Event, views: Views, at: datetime) -> list[Reply]:
    """The evidence is the completed order and the thresholds."""
    standard = standard_in_force(views)
    if standard is None:
        return []
    # Clocks differ by a little: the purchase itself always counts.
    at = max(at, event.occurred_at)
    customer_id, policy = event.data["customer_id"], standard.policy
    purchases = purchases_of(views, customer_id, at, policy.window_days)
    command = AssessCustomer(
        customer_id=customer_id,
        at=at,
        metrics=metrics(purchases, at, policy.window_days, policy.currency),
        thresholds=standard.thresholds,
        policy=policy,
        cause_event_ids=(event.id, standard.event_id),
    )
    return [Reply(INSIGHT, customer_id, command, places_of(views, [customer_id]).get(customer_id))]


PURCHASES = (Reaction("assess-customer", {OrderCompleted: assess}),)
