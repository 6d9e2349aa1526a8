"""What the web process does about webhooks, besides deciding commands."""

from __future__ import annotations

from events.errors import FieldFault, Invalid, RuleBroken
from events.mongodb import Db
from gateway.platform.domain.subscription import Subscription
from gateway.platform.webhooks.addresses import Allow
from gateway.platform.webhooks.courier import Address, Mailer
from gateway.platform.webhooks.egress import Outcome, Sender
from gateway.platform.webhooks.keys import Keys
from gateway.platform.webhooks.pump import Stores
from gateway.platform.webhooks.target import BadTarget, parse_target


class Desk:
    """Thread-safe; made after fork."""

    def __init__(self, db: Db, allow: Allow) -> None:
        self.keys = Keys(db)
        self.stores = Stores.of(db)
        self._allow = allow
        self._sender = Sender(allow)

    def check(self, url: str) -> str:
        """The URL, when it can be a receiver's. Where its host leads is looked at when something
        is sent, each time anew. Raises Invalid."""
        try:
            parse_target(url, self._allow)
        except BadTarget as bad:
            raise Invalid("not a receiver's URL", [FieldFault("/url", str(bad))]) from None
        return url

    def test(self, subscription: Subscription) -> Outcome:
        """Sends a test event at once, whatever the subscription's state."""
        to = Address(subscription.id, subscription.url, subscription.owner)
        mailer = Mailer(to, self.keys, self._sender)
        if not mailer.secrets():
            raise RuleBroken("no-secret", "it has no secret yet: rotate it")
        return mailer.test()

    def drop(self, subscription: str) -> None:
        """Everything about it."""
        self.keys.drop(subscription)
        self.stores.drop(subscription)
