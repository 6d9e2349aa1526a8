"""Sales, as the engine sees it."""

from events.http import stream_routes, timeline_routes
from events.runtime.service import ServiceDefinition
from services.sales.api import ROUTES
from services.sales.reactions import REACTIONS
from services.sales.views import VIEWS

DEFINITION = ServiceDefinition(
    name="sales",
    views=VIEWS,
    reactions=REACTIONS,
    blueprints=(*ROUTES, timeline_routes(), stream_routes()),
)
