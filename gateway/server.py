"""The gateway's process: the platform's gunicorn around the edge, which is made after fork."""

from __future__ import annotations

from events.runtime.serving import Server, settings
from gateway.config import GatewayConfig
from gateway.edge import Edge
from gateway.household import household


def server(config: GatewayConfig) -> Server:
    """Ready to `run`. SIGTERM: readiness off, running requests finish, exit."""
    chosen = settings(
        config.host,
        config.port,
        config.threads,
        grace_seconds=config.grace,
        silence_seconds=config.client_timeout,
    )
    return Server(
        {**chosen, "keepalive": config.keepalive}, lambda: Edge(config, household(config))
    )
