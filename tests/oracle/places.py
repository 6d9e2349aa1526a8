"""Where a system keeps what the oracle reads: addresses and names, as the documents give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.database import Database

CONTEXTS = ("marketing", "sales", "service", "analytics", "platform")
SERVICES = CONTEXTS[:4]

Document = dict[str, Any]
Db = Database[Document]


@dataclass(frozen=True)
class Places:
    """`services` are those that run: each has a store and a timeline of its own."""

    mongodb_uri: str
    kafka_bootstrap: str
    database_prefix: str = "throughline_"
    topic_prefix: str = "crm"
    services: Sequence[str] = SERVICES

    def topic(self, context: str) -> str:
        return f"{self.topic_prefix}.{context}.events"

    @property
    def topics(self) -> list[str]:
        return [self.topic(context) for context in CONTEXTS]

    @contextmanager
    def databases(self) -> Iterator[dict[str, Db]]:
        """The database of each service, by service."""
        options: CodecOptions[Document] = CodecOptions(tz_aware=True)
        client: MongoClient[Document] = MongoClient(
            self.mongodb_uri, tz_aware=True, appname="oracle", readConcernLevel="majority"
        )
        with client:
            yield {
                service: client.get_database(self.database_prefix + service, options)
                for service in self.services
            }
