"""Bugs of the relay: what reaches the topic, in which order, and what it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from events.envelope import Event
from events.errors import Transient
from events.log.kafka_producer import KafkaEventProducer
from events.log.port import Sending
from events.relay.mongo import MongoRelayBook
from events.relay.relay import Relay, Shipment
from tests.oracle.planted import stories
from tests.oracle.planted.bug import BOTH, Patch, bug


@bug(stories.lost_record, "misordered")
def retries_a_single_record(patch: Patch) -> None:
    land = Relay._land

    def stubborn(self: Relay, shipment: Shipment, sending: Sending, fence: int) -> int:
        try:
            return land(self, shipment, sending, fence)
        except Transient:
            self._producer = self._make_producer()
            return land(self, shipment, self._send(shipment.events()[:1]), fence)

    patch.setattr(Relay, "_land", stubborn)


@bug(stories.lost_record, "lost")
def saves_the_token_before_the_flush(patch: Patch) -> None:
    land = Relay._land

    def careless(self: Relay, shipment: Shipment, sending: Sending, fence: int) -> int:
        if shipment.token is not None:
            self._book.save({}, shipment.token, fence)
        return land(self, replace(shipment, token=None), sending, fence)

    patch.setattr(Relay, "_land", careless)


@bug(stories.deal, "lost", BOTH)
def publishes_only_the_first_event_of_a_commit(patch: Patch) -> None:
    send = Relay._send

    def first_only(self: Relay, events: Sequence[Event]) -> Sending:
        firsts: dict[tuple[str, Any], Event] = {}
        for event in events:
            firsts.setdefault((event.stream, event.recorded_at), event)
        return send(self, list(firsts.values()))

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

    def by_event(self: KafkaEventProducer, events: Sequence[Event]) -> Sending:
        return send(self, [replace(event, key=f"{event.version}") for event in events])

    patch.setattr(KafkaEventProducer, "send", by_event)


@bug(stories.trade, "phantom")
def publishes_other_data_than_it_stored(patch: Patch) -> None:
    send = KafkaEventProducer.send

    def rounded(self: KafkaEventProducer, events: Sequence[Event]) -> Sending:
        return send(self, [replace(event, data={**event.data, "channel": "w"}) for event in events])

    patch.setattr(KafkaEventProducer, "send", rounded)
