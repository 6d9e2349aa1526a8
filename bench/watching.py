"""When events became visible: watches the timelines of several services at once.

One change stream over the databases tells of entries as they become readable under majority
concern, which is how the services read. It costs the server far less than asking for each event,
and it errs on the honest side: what it tells has been readable a little longer already.

All times are seconds since the epoch, because Kafka's are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from bench.load import percentile
from bench.results import Figure
from events.config import SERVICES, Config
from events.envelope import decode
from events.mongodb import connect
from events.projection import timeline

AWAIT_MS = 200
READY_SECONDS = 20.0
YARDSTICK_SECONDS = 0.1


class Watcher:
    """A thread that notes when each entry showed in each service."""

    def __init__(self, config: Config) -> None:
        self._seen: dict[str, dict[str, float]] = {}
        self._services = {config.database(name): name for name in SERVICES}
        self._client = connect(config.mongodb_uri, "bench-watcher")
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        if not self._ready.wait(READY_SECONDS):
            raise TimeoutError("the change stream did not open")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(READY_SECONDS)
        self._client.close()

    def missing(self, entries: Iterable[str]) -> int:
        """How many of them do not show in every service yet."""
        return sum(len(self._seen.get(entry, ())) < len(SERVICES) for entry in list(entries))

    def shown(self, entry: str) -> tuple[float, float]:
        """When the first and when the last service showed it."""
        times = self._seen[entry].values()
        return min(times), max(times)

    def _run(self) -> None:
        wanted = {
            "operationType": "insert",
            "ns.db": {"$in": list(self._services)},
            "ns.coll": {"$regex": f"^{timeline.NAME}_v"},
        }
        told = {"ns": 1, "documentKey": 1}
        pipeline: list[Mapping[str, Any]] = [{"$match": wanted}, {"$project": told}]
        with self._client.watch(pipeline, max_await_time_ms=AWAIT_MS) as stream:
            self._ready.set()
            while not self._stop.is_set():
                change = stream.try_next()
                if change is not None:
                    service = self._services[change["ns"]["db"]]
                    seen = self._seen.setdefault(change["documentKey"]["_id"], {})
                    seen.setdefault(service, time.time())


class Yardstick:
    """A thread that inserts an empty document now and then, durably, and notes how long it took."""

    def __init__(self, config: Config) -> None:
        self._seconds: list[float] = []
        self._client = connect(config.mongodb_uri, "bench-yardstick")
        self._collection = self._client[config.database("yardstick")]["inserts"]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Yardstick:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(READY_SECONDS)
        self._client.close()

    def figures(self) -> list[Figure]:
        return [
            Figure(
                f"a durable insert meanwhile, {name}", "ms", percentile(self._seconds, share) * 1000
            )
            for name, share in (("p50", 0.5), ("p99", 0.99))
        ]

    def _run(self) -> None:
        while not self._stop.wait(YARDSTICK_SECONDS):
            began = time.perf_counter()
            self._collection.insert_one({})
            self._seconds.append(time.perf_counter() - began)


def sent_times(config: Config, context: str) -> dict[str, float]:
    """When the relay gave each entry of a topic to its producer: the records' own times."""
    consumer = KafkaConsumer(
        bootstrap_servers=config.kafka_bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        metrics_enabled=False,
    )
    partitions = [TopicPartition(config.topic(context), one) for one in range(config.partitions)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    sent: dict[str, float] = {}
    while any(consumer.position(one) < end for one, end in ends.items()):
        for batch in consumer.poll(timeout_ms=500).values():
            for record in batch:
                sent.setdefault(decode(record.value).entry, record.timestamp / 1000)
    consumer.close()
    return sent
