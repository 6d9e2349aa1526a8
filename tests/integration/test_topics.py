"""Topics keep their records for ever, and one that differs is reported, never altered."""

from __future__ import annotations

import pytest
from kafka.admin import ConfigResource, KafkaAdminClient

from events.config import load_config
from events.errors import Transient
from events.log.topics import TopicSpec, ensure_topics, topic_specs
from events.types import new_id

pytestmark = pytest.mark.integration


@pytest.fixture
def prefix() -> str:
    return f"topics-{new_id()}"


def specs(prefix: str, **variables: str) -> tuple[TopicSpec, ...]:
    return topic_specs(load_config({"THROUGHLINE_TOPIC_PREFIX": prefix, **variables}))


def test_every_context_gets_a_topic_that_forgets_nothing(kafka_bootstrap: str, prefix: str) -> None:
    first = ensure_topics(kafka_bootstrap, specs(prefix))
    contexts = ("marketing", "sales", "service", "analytics", "platform")
    assert [state.name for state in first] == [f"{prefix}.{name}.events" for name in contexts]
    assert all(state.created and state.good for state in first)

    with KafkaAdminClient(bootstrap_servers=kafka_bootstrap) as admin:
        found = admin.describe_configs(
            [ConfigResource("TOPIC", first[0].name)], config_filter="all"
        )
        (topic,) = admin.describe_topics([first[0].name])
    settings = found["topic"][first[0].name]
    assert settings["retention.ms"]["value"] == "-1"
    assert settings["cleanup.policy"]["value"] == "delete"
    assert len(topic["partitions"]) == 6

    second = ensure_topics(kafka_bootstrap, specs(prefix))
    assert all(state.good and not state.created for state in second)


def test_a_topic_that_differs_is_named_and_left_alone(kafka_bootstrap: str, prefix: str) -> None:
    name = f"{prefix}.sales.events"
    wanted = {"num_partitions": 2, "configs": {"retention.ms": "1000"}}
    with KafkaAdminClient(bootstrap_servers=kafka_bootstrap) as admin:
        admin.create_topics({name: wanted}, wait_for_metadata=True)

    for _ in range(2):
        states = {state.name: state for state in ensure_topics(kafka_bootstrap, specs(prefix))}
        assert states.pop(name).differences == (
            "partitions is 2, not 6",
            "retention.ms is 1000, not -1",
        )
        assert all(state.good for state in states.values())


def test_all_but_one_replica_must_hold_a_record() -> None:
    minima = {
        replication: specs("x", THROUGHLINE_REPLICATION=replication)[0].configs[
            "min.insync.replicas"
        ]
        for replication in ("1", "2", "3")
    }
    assert minima == {"1": "1", "2": "1", "3": "2"}


def test_brokers_that_are_away_are_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.log.topics.TIMEOUT_MS", 1000)
    with pytest.raises(Transient, match=r"127\.0\.0\.1:1"):
        ensure_topics("127.0.0.1:1", specs("x"))
