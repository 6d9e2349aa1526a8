"""`python -m tests.simulation --seeds 5000 --start 0`, or `--seed 1234 --trace` for one."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback

from tests.simulation.failures import SimulationFailure
from tests.simulation.running import quiet, run_seed

SEEDS = "THROUGHLINE_SIMULATION_SEEDS"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=int(os.environ.get(SEEDS, "300")))
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--trace", action="store_true", help="show every turn")
    chosen = parser.parse_args()
    # So that `| head` ends a trace quietly.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    first, count = (chosen.start, chosen.seeds) if chosen.seed is None else (chosen.seed, 1)
    with quiet():
        return _run(range(first, first + count), trace=chosen.trace)


def _run(seeds: range, *, trace: bool) -> int:
    begun, failed = time.monotonic(), 0
    for seed in seeds:
        try:
            run_seed(seed, _say if trace else lambda _: None)
        except SimulationFailure as failure:
            failed += 1
            _say(str(failure))
            if trace:
                traceback.print_exc()
    seconds = time.monotonic() - begun
    _say(f"{len(seeds)} seeds, {failed} failed, {seconds:.1f} s")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
