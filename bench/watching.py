"""When events became visible: watches the timelines of several services at once.

One change stream over the databases tells of entries as they become readable under majority
concern, which is how the services read. It costs the server far less than asking for each event,
and it errs on the honest side: what it tells has been readable a little longer already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from events.config import SERVICES, Config
from events.mongodb import connect
from events.projection import timeline

AWAIT_MS = 200


class Watcher:
    """A thread; `seen` maps (service, entry id) to `time.perf_counter` of when it showed."""

    def __init__(self, config: Config) -> None:
        self.seen: dict[tuple[str, str], float] = {}
        self._services = {config.database(name): name for name in SERVICES}
        self._client = connect(config.mongodb_uri, "bench-watcher")
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        if not self._ready.wait(20):
            raise TimeoutError("the change stream did not open")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)
        self._client.close()

    def everywhere(self, entry: str) -> float | None:
        """When the last service showed it; None while one does not."""
        times = [self.seen.get((service, entry)) for service in SERVICES]
        known = [at for at in times if at is not None]
        return max(known) if len(known) == len(times) else None

    def all_seen(self, entries: Iterable[str]) -> bool:
        return all(self.everywhere(entry) is not None for entry in entries)

    def _run(self) -> None:
        wanted = {
            "operationType": "insert",
            "ns.db": {"$in": list(self._services)},
            "ns.coll": {"$regex": f"^{timeline.NAME}_v"},
        }
        pipeline: list[Mapping[str, Any]] = [
            {"$match": wanted},
            {"$project": {"ns": 1, "documentKey": 1}},
        ]
        with self._client.watch(pipeline, max_await_time_ms=AWAIT_MS) as stream:
            self._ready.set()
            while not self._stop.is_set():
                change = stream.try_next()
                if change is not None:
                    service = self._services[change["ns"]["db"]]
                    self.seen[service, change["documentKey"]["_id"]] = time.perf_counter()
