"""Joining a group under the worst timing: short polls, and a leader that learns its topics late."""

from __future__ import annotations

import time

import pytest

from events.config import load_config
from events.log.kafka_consumer import KafkaEventConsumer
from events.log.topics import ensure_topics, topic_specs
from events.types import new_id

pytestmark = pytest.mark.integration

BOUND_SECONDS = 15
GROUPS = 6


@pytest.fixture(scope="module")
def topics(kafka_bootstrap: str) -> tuple[str, ...]:
    config = load_config(
        {
            "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "THROUGHLINE_TOPIC_PREFIX": f"joining-{new_id()[-12:]}",
            "THROUGHLINE_PARTITIONS": "2",
        }
    )
    ensure_topics(kafka_bootstrap, topic_specs(config))
    return config.topics


def joined(consumer: KafkaEventConsumer) -> bool:
    """Whether the member gets its partitions within the bound, polling a millisecond at a time."""
    deadline = time.monotonic() + BOUND_SECONDS
    while time.monotonic() < deadline:
        consumer.poll(0.001)
        if consumer.assignment() and not consumer._consumer._coordinator.rejoining:
            return True
    return False


def test_a_member_that_joins_before_it_knows_the_topics_still_gets_its_partitions(
    kafka_bootstrap: str, topics: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KafkaEventConsumer, "_learn_partitions", lambda self: None)
    for number in range(GROUPS):
        group = f"{topics[0]}.late.{number}"
        consumer = KafkaEventConsumer(kafka_bootstrap, topics, group=group, member=f"{group}.0")
        try:
            assert joined(consumer), f"round {number}: no partitions after {BOUND_SECONDS} s"
        finally:
            consumer.close()
