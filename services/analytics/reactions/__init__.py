"""What analytics does about others' events; `REACTIONS` is all of it."""

from services.analytics.reactions.purchases import PURCHASES

REACTIONS = PURCHASES
