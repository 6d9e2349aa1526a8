"""`python -m gateway`: reads the environment and serves until SIGTERM."""

from __future__ import annotations

import sys

import structlog

from events.runtime.logs import configure_logs
from gateway.config import GatewayConfig, load_config
from gateway.server import server

BAD_CONFIGURATION = 78  # EX_CONFIG of sysexits.h


def main() -> None:
    """Exits with 78 and one line when the configuration makes no sense."""
    try:
        config = load_config()
        configure_logs(config.log_level, "gateway", "edge")
    except ValueError as wrong:
        sys.stderr.write(f"gateway: {wrong}\n")
        sys.exit(BAD_CONFIGURATION)
    _announce(config)
    server(config).run()


def _announce(config: GatewayConfig) -> None:
    log = structlog.get_logger("gateway")
    log.info("starting", address=f"{config.host}:{config.port}", services=list(config.upstreams))
    if config.public:
        log.warning("open without sign-in: whoever reaches this address can read and write")
    else:
        log.info("no sign-in yet: listening on loopback only")


if __name__ == "__main__":
    main()
