"""The secrets of subscriptions, which stand in no event and are shown once, when they are made.

webhook_secrets  {_id: subscription, version, secrets: [{secret, until}]}   the newest first

`version` is that of the subscription whose event made the newest secret: the same command told
again makes no other one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pymongo.collection import Collection

from events.errors import Conflict
from events.mongodb import Db, Document
from gateway.platform.domain.subscription import BOTH_SECRETS
from gateway.platform.webhooks.signing import new_secret

TRIES = 3


class Keys:
    """Thread-safe."""

    def __init__(self, db: Db) -> None:
        self._secrets: Collection[Document] = db["webhook_secrets"]

    def make(self, subscription: str, version: int) -> str:
        """The first secret; the newest one when there is one already."""
        first = {"version": version, "secrets": [{"secret": new_secret(), "until": None}]}
        found = self._secrets.find_one_and_update(
            {"_id": subscription}, {"$setOnInsert": first}, upsert=True, return_document=True
        )
        assert found is not None
        return str(found["secrets"][0]["secret"])

    def rotate(self, subscription: str, version: int, now: datetime) -> str:
        """A new secret; the one before it is valid for another day, older ones no more."""
        for _ in range(TRIES):
            found = self._secrets.find_one({"_id": subscription})
            if found is None or found["version"] >= version:
                return self.make(subscription, version)
            made, current = new_secret(), found["secrets"][0]["secret"]
            both = [
                {"secret": made, "until": None},
                {"secret": current, "until": now + BOTH_SECRETS},
            ]
            changed = self._secrets.update_one(
                {"_id": subscription, "version": found["version"]},
                {"$set": {"version": version, "secrets": both}},
            )
            if changed.matched_count:
                return made
        raise Conflict("the secret is being rotated by others")

    def valid(self, subscription: str, now: datetime) -> Sequence[str]:
        """The newest first; none of a subscription that is not known."""
        found = self._secrets.find_one({"_id": subscription}) or {"secrets": []}
        return [
            one["secret"] for one in found["secrets"] if one["until"] is None or one["until"] > now
        ]

    def drop(self, subscription: str) -> None:
        self._secrets.delete_one({"_id": subscription})
