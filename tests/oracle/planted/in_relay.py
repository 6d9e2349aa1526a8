"""Bugs of the relay: what reaches the topic, in which order, and what it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from events.envelope import Event
from events.errors import Transient
from events.log.kafka import KafkaEventProducer
from events.relay.mongo import MongoRelayBook
from events.relay.relay import Relay
from tests.oracle.planted import stories
from tests.oracle.planted.bug import BOTH, Patch, bug


@bug(stories.lost_record, "misordered")
def retries_a_single_record(patch: Patch) -> None:
    send = Relay._send

    def stubborn(self: Relay, events: Sequence[Event]) -> None:
        try:
            send(self, events)
        except Transient:
            self._producer = self._make_producer()
            send(self, events[:1])

    patch.setattr(Relay, "_send", stubborn)


@bug(stories.lost_record, "lost")
def saves_the_token_before_the_flush(patch: Patch) -> None:
    publish = Relay._publish

    def careless(self: Relay, commits: Any, token: Any, fence: int) -> int:
        if token is not None:
            self._book.save({}, token, fence)
        return publish(self, commits, None, fence)

    patch.setattr(Relay, "_publish", careless)


@bug(stories.deal, "lost", BOTH)
def publishes_only_the_first_event_of_a_commit(patch: Patch) -> None:
    send = Relay._send

    def first_only(self: Relay, events: Sequence[Event]) -> None:
        firsts: dict[tuple[str, Any], Event] = {}
        for event in events:
            firsts.setdefault((event.stream, event.recorded_at), event)
        send(self, list(firsts.values()))

    patch.setattr(Relay, "_send", first_only)


@bug(stories.trade, "relay")
def forgets_the_published_heads(patch: Patch) -> None:
    save = MongoRelayBook.save

    def headless(self: MongoRelayBook, heads: Any, token: Any, fence: int) -> None:
        save(self, {}, token, fence)

    patch.setattr(MongoRelayBook, "save", headless)


@bug(stories.trade, "misordered")
def changes_the_partition_key_within_a_stream(patch: Patch) -> None:
    send = KafkaEventProducer.send

    def by_event(self: KafkaEventProducer, events: Sequence[Event]) -> None:
        send(self, [replace(event, key=f"{event.version}") for event in events])

    patch.setattr(KafkaEventProducer, "send", by_event)


@bug(stories.trade, "phantom")
def publishes_other_data_than_it_stored(patch: Patch) -> None:
    send = KafkaEventProducer.send

    def rounded(self: KafkaEventProducer, events: Sequence[Event]) -> None:
        send(self, [replace(event, data={**event.data, "channel": "w"}) for event in events])

    patch.setattr(KafkaEventProducer, "send", rounded)
