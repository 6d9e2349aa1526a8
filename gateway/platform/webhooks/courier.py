"""Takes events to one subscription's receiver, as its owner may see them at that moment.

The owner's rights are looked up anew for each event: what he lost meanwhile is not sent, also not
by a try that was put off. While he has no right to events at all, nothing is sent and nothing is
passed over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from events.envelope import Event
from events.types import format_time, new_id, utc_now
from gateway.platform.webhooks.egress import Outcome, Sender
from gateway.platform.webhooks.keys import Keys
from gateway.platform.webhooks.line import Line
from gateway.platform.webhooks.signing import signed
from gateway.platform.webhooks.trying import Suspended

SECRETS_SECONDS = 5.0
"""How old known secrets may be: far less than the day for which both are valid."""

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
AGENT = "Throughline-Webhooks/1"
REPLAY = "webhook-replay"
TEST_TYPE = "throughline.webhook.test"
"""Of an event that never happened, in no context: it stands in no log."""


class Permit(Protocol):
    """What somebody may see, now."""

    def body(self, event: Event) -> bytes | None:
        """The event as he may see it; None when he may not see it at all."""
        ...


class Owners(Protocol):
    """Those who answer for subscriptions."""

    def permit(self, owner: str) -> Permit | None:
        """None while he may see no events; raises Transient when that can't be told."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where a subscription's events go, and who answers for it."""

    subscription: str
    url: str
    owner: str


class Mailer:
    """Signs what goes to one address. Thread-safe."""

    def __init__(
        self, to: Address, keys: Keys, sender: Sender, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.to = to
        self._keys = keys
        self._sender = sender
        self._now = now
        self._known: tuple[float, Sequence[str]] = (float("-inf"), ())
        self._lock = threading.Lock()

    def mail(self, id: str, body: bytes, extra: Mapping[str, str]) -> Outcome:
        headers = {
            "Content-Type": CONTENT_TYPE,
            "User-Agent": AGENT,
            **signed(id, self._now(), body, self.secrets()),
            **extra,
        }
        return self._sender.post(self.to.url, body, headers)

    def test(self) -> Outcome:
        """Sends an event that never happened."""
        id, now = new_id(), self._now()
        return self.mail(id, orjson.dumps(_made_up(id, self.to.subscription, now)), {})

    def secrets(self) -> Sequence[str]:
        """Those that sign; known for some seconds."""
        with self._lock:
            read_at, secrets = self._known
            if time.monotonic() - read_at > SECRETS_SECONDS:
                secrets = self._keys.valid(self.to.subscription, self._now())
                self._known = (time.monotonic(), secrets)
            return secrets


class Courier:
    """Mails events as their owner may see them. Thread-safe."""

    def __init__(self, mailer: Mailer, owners: Owners) -> None:
        self._mailer = mailer
        self._owners = owners

    def ready(self) -> bool:
        permitted = self._owners.permit(self._mailer.to.owner) is not None
        return permitted and bool(self._mailer.secrets())

    def send(self, event: Event, line: Line) -> Outcome | None:
        """None when the event is not for the owner to see. Raises Suspended when he has lost all
        right to events since `ready` was asked."""
        permit = self._owners.permit(self._mailer.to.owner)
        if permit is None:
            raise Suspended
        body = permit.body(event)
        if body is None:
            return None
        extra = {REPLAY: "true"} if line.replay else {}
        if event.traceparent:
            extra["traceparent"] = event.traceparent
        return self._mailer.mail(event.id, body, extra)


def _made_up(id: str, subscription: str, now: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id,
        "type": TEST_TYPE,
        "source": "/throughline/platform",
        "time": format_time(now),
        "datacontenttype": "application/json",
        "data": {"subscription_id": subscription, "message": "This is a test."},
    }
