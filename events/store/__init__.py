"""The commits of one service: appended, loaded, never changed."""

from events.store.port import Appended, EventStore

__all__ = ["Appended", "EventStore"]
