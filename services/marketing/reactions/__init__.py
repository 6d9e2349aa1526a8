"""What marketing does about others' events; `REACTIONS` is all of it."""

from events.reactions import Reaction

REACTIONS: tuple[Reaction, ...] = ()
