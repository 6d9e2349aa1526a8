"""The bugs: each is a change of the engine at one place, with a story in which it shows."""

from tests.oracle.planted import in_projection, in_reactions, in_relay, in_store
from tests.oracle.planted.bug import BOTH, BUGS

__all__ = ["BOTH", "BUGS", "in_projection", "in_reactions", "in_relay", "in_store"]
