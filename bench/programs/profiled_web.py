"""Sales' web process with every request profiled on its own thread.

Only requests are profiled: waiting for one is not work. The profiles of all threads are added up
and written when the process ends.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import threading
from typing import Any

from bench.place import PROFILE_VARIABLE
from bench.programs.running import new_profile
from events.config import load_config
from events.runtime.logs import configure_logs
from events.runtime.service import House
from events.runtime.serving import Server, SteadyWorker, settings
from events.runtime.web import build_app
from services.sales.definition import DEFINITION


class Profiles:
    """One profile for each thread."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._all: list[cProfile.Profile] = []

    def here(self) -> cProfile.Profile:
        if not hasattr(self._own, "profile"):
            self._own.profile = new_profile()
            self._all.append(self._own.profile)
        profile: cProfile.Profile = self._own.profile
        return profile

    def write(self, _server: Any, _worker: Any) -> None:
        """gunicorn's `worker_exit` hook."""
        if not self._all:
            return
        merged = pstats.Stats(self._all[0])
        for profile in self._all[1:]:
            merged.add(profile)
        merged.dump_stats(os.environ[PROFILE_VARIABLE])


PROFILES = Profiles()


class ProfiledWorker(SteadyWorker):
    """From a readable connection on; the time a thread stays with an idle one shows as `poll`."""

    def handle(self, conn: Any) -> Any:
        with PROFILES.here():
            return super().handle(conn)


PROFILED = {"worker_class": ProfiledWorker, "worker_exit": PROFILES.write}
"""Settings that replace those of the platform's server."""


def main() -> None:
    config = load_config()
    configure_logs(config.log_level, DEFINITION.name, "web")
    chosen = settings(config.host, config.port, config.threads, grace_seconds=5, silence_seconds=15)

    def load() -> Any:
        House(DEFINITION, config, "setup").prepare()
        return build_app(DEFINITION, config)

    Server({**chosen, **PROFILED}, load).run()


if __name__ == "__main__":
    main()
