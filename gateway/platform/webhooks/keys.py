"""The secrets of subscriptions, which stand in no event and are shown once, when they are made.

webhook_secrets  {_id: subscription, secrets: [{secret, until}]}   the newest first
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo.collection import Collection

from events.errors import Conflict
from events.mongodb import Db, Document
from gateway.platform.webhooks.signing import new_secret

BOTH = timedelta(hours=24)
"""For so long after a rotation the secret before it signs too."""

VALID = 2


class Keys:
    """Thread-safe."""

    def __init__(self, db: Db) -> None:
        self._secrets: Collection[Document] = db["webhook_secrets"]

    def make(self, subscription: str) -> str:
        """The first secret; the one that is there when there is one already."""
        found = self._secrets.find_one_and_update(
            {"_id": subscription},
            {"$setOnInsert": {"secrets": [{"secret": new_secret(), "until": None}]}},
            upsert=True,
            return_document=True,
        )
        assert found is not None
        return str(found["secrets"][0]["secret"])

    def rotate(self, subscription: str, now: datetime) -> str:
        """A new secret; the one before it is valid for another day, older ones no more. Raises
        Conflict when somebody else rotates at the same moment."""
        found = self._secrets.find_one({"_id": subscription})
        if found is None:
            return self.make(subscription)
        current: dict[str, Any] = found["secrets"][0]
        made = new_secret()
        both = [{"secret": made, "until": None}, {**current, "until": now + BOTH}]
        changed = self._secrets.update_one(
            {"_id": subscription, "secrets.0.secret": current["secret"]},
            {"$set": {"secrets": both[:VALID]}},
        )
        if not changed.matched_count:
            raise Conflict("the secret is being rotated by somebody else")
        return made

    def valid(self, subscription: str, now: datetime) -> Sequence[str]:
        """The newest first; none of a subscription that is not known."""
        found = self._secrets.find_one({"_id": subscription}) or {"secrets": []}
        return [
            one["secret"] for one in found["secrets"] if one["until"] is None or one["until"] > now
        ]

    def drop(self, subscription: str) -> None:
        self._secrets.delete_one({"_id": subscription})
