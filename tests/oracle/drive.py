"""Drives a running system from a process of its own, which may be killed at any moment.

    python -m tests.oracle.drive --gateway http://127.0.0.1:8000 --journal /tmp/journal --seconds 60

Everything that was acknowledged is in the journal, whatever happens to this process.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tests.oracle.client import Client
from tests.oracle.journal import Journal
from tests.oracle.load import Load
from tests.oracle.places import SERVICES


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--gateway", required=True, help="address of the gateway")
    options.add_argument("--keys", required=True, type=Path, help="the system's folder of keys")
    options.add_argument("--journal", required=True, type=Path, help="file that is appended to")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--rate", type=float, default=20.0, help="commands a second")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    urls = {service: f"{given.gateway}/v1/{service}" for service in SERVICES}
    from deploy.local.passes import Passes  # here, for the oracle itself knows nothing of us

    passes = Passes(given.keys, given.gateway)
    client = Client(urls, Journal(given.journal), lambda _service, actor: passes.of(actor))
    load = Load(client, SERVICES, given.seed, given.rate).start()
    time.sleep(given.seconds)
    load.stop()


if __name__ == "__main__":
    main()
