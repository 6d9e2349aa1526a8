"""The baseline of projections: poll, parse, one durable `insert_many` a poll, one index.

No order, no duplicates removed, no positions kept, one collection.

    python -m bench.programs.plain_projection <records>
"""

from __future__ import annotations

import sys
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition
from pymongo import MongoClient
from pymongo.collection import Collection

from bench.programs.running import answer, until
from events.config import Config, load_config


def consumer_of(config: Config) -> KafkaConsumer:
    """Reads all partitions from the first record on, as many in one poll as a projector does."""
    consumer = KafkaConsumer(
        bootstrap_servers=config.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=config.batch,
        max_partition_fetch_bytes=2 * 1024 * 1024,
        metrics_enabled=False,
    )
    numbers = range(config.partitions)
    consumer.assign(
        [TopicPartition(topic, number) for topic in config.topics for number in numbers]
    )
    return consumer


def main(records: int) -> None:
    config = load_config()
    client: MongoClient[dict[str, Any]] = MongoClient(
        config.mongodb_uri, w="majority", journal=True
    )
    events = client[config.database("plain")]["events"]
    events.create_index([("subject", 1), ("time", -1)])
    consumer = consumer_of(config)
    done = [0]

    def step() -> None:
        done[0] += _insert(consumer, events)

    answer(records, until(lambda: done[0] >= records, step))


def _insert(consumer: KafkaConsumer, events: Collection[dict[str, Any]]) -> int:
    polled = consumer.poll(timeout_ms=250)
    documents = [orjson.loads(record.value) for batch in polled.values() for record in batch]
    if documents:
        events.insert_many(documents, ordered=False)
    return len(documents)


if __name__ == "__main__":
    main(int(sys.argv[1]))
