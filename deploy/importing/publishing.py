"""Publishing the platform's events, which no process of its own does so far.

The importer is a relay like any other, with the same lease: should another one lead, that one
publishes and this one watches.
"""

from __future__ import annotations

import time

from kafka.errors import KafkaError

from events.config import Config
from events.errors import Transient
from events.log.kafka_producer import KafkaEventProducer
from events.mongodb import Db
from events.relay import Relay
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook
from events.relay.verifying import gaps

CONTEXT = "platform"
PATIENCE_SECONDS = 20.0
"""Covers the lease of a relay that died just now. A broker that is away takes 30 s to show."""

STEP_SECONDS = 0.25


def publish(db: Db, config: Config) -> bool:
    """Whether everything that the platform's store holds is on its topic now.

    False is no loss: the next run, or any relay of the platform, publishes what is missing.
    """
    topic = config.topic(CONTEXT)
    relay = Relay(
        ChangeStreamFeed(db),
        MongoRelayBook(db),
        MongoLease(db, f"relay-import-{config.instance}"),
        lambda: KafkaEventProducer(config.kafka_bootstrap, f"relay-{topic}", topic),
    )
    try:
        return _until_published(relay, db)
    finally:
        relay.close()


def _until_published(relay: Relay, db: Db) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while next(gaps(db), None) is not None:
        if time.monotonic() > deadline:
            return False
        try:
            if not relay.step(STEP_SECONDS) and not relay.leading:
                time.sleep(STEP_SECONDS)
        except (Transient, KafkaError):
            time.sleep(STEP_SECONDS)
    return True
