"""The gateway with every request profiled on its own thread; see profiled_web.py."""

from __future__ import annotations

from bench.programs.profiled_web import PROFILED
from events.runtime.logs import configure_logs
from events.runtime.serving import Server, settings
from gateway.config import load_config
from gateway.edge import Edge


def main() -> None:
    config = load_config()
    configure_logs(config.log_level, "gateway", "edge")
    chosen = settings(
        config.host,
        config.port,
        config.threads,
        grace_seconds=5,
        silence_seconds=config.client_timeout,
    )
    Server({**chosen, **PROFILED}, lambda: Edge(config)).run()


if __name__ == "__main__":
    main()
