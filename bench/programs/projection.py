"""A service's projector by itself, over all topics from the first record to the last.

python -m bench.programs.projection <service> <records>
"""

from __future__ import annotations

import sys
from importlib import import_module

from bench.programs.running import answer, as_a_worker, until
from events.config import load_config
from events.projection.projector import Projector
from events.runtime.service import House

POLL_SECONDS = 0.25


def main(service: str, records: int) -> None:
    as_a_worker()
    definition = import_module(f"services.{service}.definition").DEFINITION
    house = House(definition, load_config(), "bench")
    house.prepare()
    projector = Projector(house.projection(1), house.consumer("projection.v1"))
    counts = projector.counts
    clock = until(lambda: counts.applied >= records, lambda: projector.step(POLL_SECONDS))
    projector.close()
    house.close()
    answer(counts.applied, clock)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
