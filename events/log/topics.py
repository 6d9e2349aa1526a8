"""The topics of the log: made once, and compared with what they must be at every start.

The log is the history of the company, so a topic must keep its records for ever and never change
its number of partitions (that would move customers to other partitions, out of order). A topic
that differs is reported, never altered: the repair is an operator's decision.

Called by `throughline topics ensure` and by the jobs that prepare an environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka.admin import ConfigResource, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from events.config import Config
from events.errors import Transient

TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic must be. `configs` are Kafka's topic settings, by their Kafka names."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicState:
    """What a topic is: `created` just now, or found with these `differences` (none is good)."""

    name: str
    created: bool
    differences: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not self.differences


def topic_specs(config: Config) -> tuple[TopicSpec, ...]:
    """The topic of every context, as this configuration wants it."""
    return tuple(
        TopicSpec(topic, config.partitions, config.replication, _configs(config.replication))
        for topic in config.topics
    )


def ensure_topics(bootstrap: str, specs: Sequence[TopicSpec]) -> list[TopicState]:
    """Creates the topics that are missing and compares the others; order of `specs`.

    Safe to run by several at once. Raises Transient when the brokers cannot be reached.
    """
    try:
        with KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","),
            bootstrap_timeout_ms=TIMEOUT_MS,
            request_timeout_ms=TIMEOUT_MS,
        ) as admin:
            there = set(admin.list_topics())
            created = {spec.name for spec in specs if spec.name not in there}
            created = {spec.name for spec in specs if spec.name in created and _create(admin, spec)}
            return _compare(admin, specs, created)
    except (KafkaError, OSError) as failure:
        raise Transient(f"Kafka at {bootstrap}: {failure}") from failure


def _configs(replication: int) -> dict[str, str]:
    return {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "cleanup.policy": "delete",
        # All but one replica must have a record before it counts as written.
        "min.insync.replicas": str(max(1, replication - 1)),
    }


def _create(admin: KafkaAdminClient, spec: TopicSpec) -> bool:
    """Whether this call made the topic (somebody else may have been faster)."""
    wanted = {
        "num_partitions": spec.partitions,
        "replication_factor": spec.replication,
        "configs": dict(spec.configs),
    }
    try:
        admin.create_topics({spec.name: wanted}, timeout_ms=TIMEOUT_MS, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return False
    return True


def _compare(
    admin: KafkaAdminClient, specs: Sequence[TopicSpec], created: set[str]
) -> list[TopicState]:
    names = [spec.name for spec in specs]
    shapes = {topic["name"]: topic["partitions"] for topic in admin.describe_topics(names)}
    configs = admin.describe_configs(
        [ConfigResource("TOPIC", name) for name in names], config_filter="all"
    )["topic"]
    return [
        TopicState(
            spec.name,
            spec.name in created,
            tuple(_differences(spec, shapes[spec.name], configs[spec.name])),
        )
        for spec in specs
    ]


def _differences(
    spec: TopicSpec, partitions: Sequence[Mapping[str, Any]], configs: Mapping[str, Any]
) -> Iterable[str]:
    """One sentence for each thing that is not as specified."""
    if len(partitions) != spec.partitions:
        yield f"partitions is {len(partitions)}, not {spec.partitions}"
    fewest = min((len(partition["replica_nodes"]) for partition in partitions), default=0)
    if fewest < spec.replication:
        yield f"replication factor is {fewest}, not {spec.replication}"
    for name, wanted in spec.configs.items():
        actual = configs[name]["value"]
        if actual != wanted:
            yield f"{name} is {actual}, not {wanted}"
