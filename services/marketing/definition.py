"""Marketing, as the engine sees it."""

from events.http import stream_routes, timeline_routes
from events.runtime.service import ServiceDefinition
from services.marketing.api import ROUTES
from services.marketing.reactions import REACTIONS
from services.marketing.views import VIEWS

DEFINITION = ServiceDefinition(
    name="marketing",
    views=VIEWS,
    reactions=REACTIONS,
    blueprints=(*ROUTES, timeline_routes(), stream_routes()),
)
