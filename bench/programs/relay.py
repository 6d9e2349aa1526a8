"""A service's relay by itself, from the position that `history.mark` kept to the last commit.

python -m bench.programs.relay <context> <events>
"""

from __future__ import annotations

import sys

from bench.history import marked_token
from bench.programs.running import answer, as_a_worker, until
from events.config import load_config
from events.log.kafka_producer import KafkaEventProducer
from events.mongodb import Db, connect, database
from events.relay import Relay
from events.relay.mongo import ChangeStreamFeed, MongoLease, MongoRelayBook

STEP_SECONDS = 0.25


def main(context: str, events: int) -> None:
    as_a_worker()
    config = load_config()
    client = connect(config.mongodb_uri, "bench-relay")
    db = database(client, config.database(context))
    _rewind(db)
    topic = config.topic(context)
    relay = Relay(
        ChangeStreamFeed(db),
        MongoRelayBook(db),
        MongoLease(db, "relay-bench"),
        lambda: KafkaEventProducer(config.kafka_bootstrap, f"relay-{topic}", topic),
    )
    counts = relay.counts
    clock = until(lambda: counts.published >= events, lambda: relay.step(STEP_SECONDS))
    relay.close()
    client.close()
    answer(counts.published, clock)


def _rewind(db: Db) -> None:
    """As if nothing had been published yet."""
    db["relay_heads"].delete_many({})
    db["relay"].delete_many({})
    MongoRelayBook(db).save({}, marked_token(db), 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
