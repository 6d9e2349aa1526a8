"""Analytics, as the engine sees it."""

from events.http import stream_routes, timeline_routes
from events.runtime.service import ServiceDefinition
from services.analytics.api import ROUTES
from services.analytics.reactions import REACTIONS
from services.analytics.views import VIEWS
from services.analytics.views.causes import INDEXES

DEFINITION = ServiceDefinition(
    name="analytics",
    views=VIEWS,
    reactions=REACTIONS,
    blueprints=(*ROUTES, timeline_routes(), stream_routes()),
    timeline_indexes=INDEXES,
)
