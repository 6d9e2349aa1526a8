"""The platform, as the engine sees it: a house like the services'."""

from events.http import stream_routes, timeline_routes
from events.runtime.service import ServiceDefinition
from gateway.platform.api import ROUTES
from gateway.platform.equipment import equip
from gateway.platform.views import VIEWS
from gateway.platform.webhooks.pumps import Pumps

DEFINITION = ServiceDefinition(
    name="platform",
    views=VIEWS,
    blueprints=(*ROUTES, timeline_routes(), stream_routes()),
    equip=equip,
    loops={"webhooks": Pumps},
)
