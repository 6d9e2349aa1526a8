"""What service does about events; `REACTIONS` is all of it."""

from services.service.reactions.follow_tier import follow_tier

REACTIONS = (follow_tier,)
