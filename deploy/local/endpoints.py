"""Every address of a running system, kept in `.local/endpoints.json` for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.local.keys import ensure_keys
from deploy.local.ports import LOOPBACK, keep_or_pick

SERVICES = ("marketing", "sales", "service", "analytics")
HOUSES = (*SERVICES, "platform")
"""The services, and the gateway's own house."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses for clients: URLs over HTTP, a MongoDB URI, Kafka's bootstrap servers."""

    gateway: str
    kafka: str
    mongodb: str
    marketing: str
    sales: str
    service: str
    analytics: str
    platform: str
    workers: Mapping[str, str]
    """Health and metrics of each house's worker, by house."""
    supervisor: str
    """The supervisor's control socket."""
    keys: str
    """The folder with the keys of the gateway (keys.py)."""

    @classmethod
    def settle(
        cls, before: Endpoints | None, kafka: str, mongodb: str, socket: Path, keys: Path
    ) -> Endpoints:
        """Addresses for a new start: the ports of the one before where they are still free."""
        ensure_keys(keys)
        names = ["gateway", *HOUSES, *(f"{house}-worker" for house in HOUSES)]
        ports = keep_or_pick(names, before.ports if before else {})
        urls = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}
        return cls(
            kafka=kafka,
            mongodb=mongodb,
            supervisor=str(socket),
            keys=str(keys),
            workers={house: urls.pop(f"{house}-worker") for house in HOUSES},
            **urls,
        )

    @property
    def houses(self) -> dict[str, str]:
        """The URL of each house's web process, by house."""
        return {house: getattr(self, house) for house in HOUSES}

    @property
    def services(self) -> dict[str, str]:
        """Those of the services alone."""
        return {service: getattr(self, service) for service in SERVICES}

    @property
    def programs(self) -> dict[str, str]:
        """The URL of every process of ours, by the name of its program."""
        return {
            "gateway": self.gateway,
            **{f"{house}-web": url for house, url in self.houses.items()},
            **{f"{house}-worker": url for house, url in self.workers.items()},
        }

    @property
    def ports(self) -> dict[str, int]:
        workers = ((f"{house}-worker", url) for house, url in self.workers.items())
        return _ports([("gateway", self.gateway), *self.houses.items(), *workers])

    def environment(self) -> dict[str, str]:
        """What a process needs to reach the servers."""
        return {"MONGODB_URI": self.mongodb, "KAFKA_BOOTSTRAP_SERVERS": self.kafka}

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def save(self, file: Path) -> None:
        """Writes beside and renames: a reader never sees half of it."""
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(self.as_dict(), indent=2) + "\n")
        partial.replace(file)

    @classmethod
    def load(cls, file: Path) -> Endpoints | None:
        """None when there was no start yet, or one of another version of this file."""
        try:
            return cls(**json.loads(file.read_text()))
        except (OSError, ValueError, TypeError):
            return None


def _ports(urls: Iterable[tuple[str, str]]) -> dict[str, int]:
    found = ((name, urlsplit(url).port) for name, url in urls)
    return {name: port for name, port in found if port is not None}
