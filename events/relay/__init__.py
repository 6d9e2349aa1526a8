"""From the store to the topic: every commit, in commit order, at least once."""

from events.relay.relay import Relay

__all__ = ["Relay"]
