"""The baseline of relays: the same producer with ready bytes, flushed once at the end.

No store is read, nothing is encoded, no position is kept.

    python -m bench.programs.plain_producer <context> <events>
"""

from __future__ import annotations

import sys
from typing import Any

from kafka import KafkaProducer

from bench.programs.running import answer, clocked
from events.config import Config, load_config
from events.envelope import encode, headers_of
from events.log.kafka_producer import BATCH_BYTES, LINGER_MS
from events.mongodb import connect, database
from events.relay.mongo import ChangeStreamFeed

Ready = tuple[bytes, bytes, list[tuple[str, bytes]]]


def main(context: str, events: int) -> None:
    config = load_config()
    records = _records(config, context)[:events]
    topic = config.topic(context)
    producer = KafkaProducer(
        bootstrap_servers=config.kafka_bootstrap,
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=LINGER_MS,
        batch_size=BATCH_BYTES,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    producer.partitions_for(topic)
    with clocked() as clock:
        _produce(producer, topic, records)
    producer.close()
    answer(len(records), clock)


def _records(config: Config, context: str) -> list[Ready]:
    client = connect(config.mongodb_uri, "bench-producer")
    feed = ChangeStreamFeed(database(client, config.database(context)))
    ready = [
        (event.key.encode(), encode(event), list(headers_of(event)))
        for commit in feed.scan()
        for event in commit.events
    ]
    client.close()
    return ready


def _produce(producer: KafkaProducer, topic: str, records: list[Ready]) -> None:
    sent: Any = None
    for key, value, headers in records:
        sent = producer.send(topic, value=value, key=key, headers=headers)
    producer.flush()
    sent.get(timeout=1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
