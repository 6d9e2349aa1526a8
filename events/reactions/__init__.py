"""A service answering another's event with a decision of its own, exactly once."""

from events.reactions.reaction import Reaction, Reply

__all__ = ["Reaction", "Reply"]
