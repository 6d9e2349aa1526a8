"""`throughline topics`: the topics of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from deploy.cli.support import EXIT_FAILED, json_option, server_config, show
from events.log.topics import TopicState, ensure_topics, topic_specs


@click.group()
def topics() -> None:
    """The topics of the log, one for each context.

    \b
    Example:
      throughline topics ensure
    """


@topics.command()
@json_option
@click.pass_context
def ensure(ctx: click.Context, as_json: bool) -> None:
    """Create the topics that are missing; say what is wrong with the others.

    Nothing that exists is altered. Exits with 1 when a topic differs from the configuration.

    \b
    Example:
      throughline topics ensure
      KAFKA_BOOTSTRAP_SERVERS=broker:9092 THROUGHLINE_PARTITIONS=24 throughline topics ensure
    """
    config = server_config()
    states = ensure_topics(config.kafka_bootstrap, topic_specs(config))
    show([asdict(state) for state in states], as_json, lambda: _text(states))
    if not all(state.good for state in states):
        ctx.exit(EXIT_FAILED)


def _text(states: Sequence[TopicState]) -> str:
    return "\n".join(f"{state.name}: {_verdict(state)}" for state in states)


def _verdict(state: TopicState) -> str:
    if state.differences:
        return f"WRONG: {'; '.join(state.differences)}"
    return "created" if state.created else "as it should be"
