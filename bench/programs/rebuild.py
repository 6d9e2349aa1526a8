"""A rebuild of a service's projection beside the live one, as `throughline projections` runs it.

python -m bench.programs.rebuild <service>
"""

from __future__ import annotations

import sys
from importlib import import_module

from bench.programs.running import answer, clocked
from events.config import load_config
from events.runtime.rebuilding import Rebuild
from events.runtime.service import House


def main(service: str) -> None:
    definition = import_module(f"services.{service}.definition").DEFINITION
    house = House(definition, load_config(), "bench-rebuild")
    rebuilding = Rebuild(house)
    with clocked() as clock:
        rebuilding.begin()
        applied = rebuilding.run().applied
    house.close()
    answer(applied, clock)


if __name__ == "__main__":
    main(sys.argv[1])
