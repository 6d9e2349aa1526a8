"""Service, as the engine sees it."""

from events.http import stream_routes, timeline_routes
from events.runtime.service import ServiceDefinition
from services.service.api import ROUTES
from services.service.reactions import REACTIONS
from services.service.timers import TIMERS
from services.service.views import VIEWS

DEFINITION = ServiceDefinition(
    name="service",
    views=VIEWS,
    reactions=REACTIONS,
    timers=TIMERS,
    blueprints=(*ROUTES, timeline_routes(), stream_routes()),
)
