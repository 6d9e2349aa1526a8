"""The three stores that an import writes to."""

from __future__ import annotations

from events.config import Config
from events.mongodb import connect, database
from events.store.mongo import MongoEventStore


class Places:
    """Opened directly, as operators do: no service needs to run for it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._client = connect(config.mongodb_uri, "throughline-import")
        self.marketing = self._store("marketing")
        self.sales = self._store("sales")
        self.platform = self._store("platform")

    def prepare(self) -> None:
        """Makes what the services would make when they start; safe beside them."""
        for store in (self.marketing, self.sales, self.platform):
            store.prepare()

    def close(self) -> None:
        self._client.close()

    def _store(self, context: str) -> MongoEventStore:
        db = database(self._client, self.config.database(context))
        return MongoEventStore(db, context)
