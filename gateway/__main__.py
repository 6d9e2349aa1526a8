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
    if config.dev_issuer:
        log.warning("the development issuer signs in whoever asks: listening on loopback only")
    else:
        log.info("sign-in", issuer=config.issuer_in_use)


if __name__ == "__main__":
    main()
