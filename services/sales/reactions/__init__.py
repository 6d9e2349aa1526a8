"""What sales does about events; `REACTIONS` is all of it."""

from services.sales.reactions.leads import LEADS

REACTIONS = LEADS
