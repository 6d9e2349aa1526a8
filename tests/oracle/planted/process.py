"""Runs one of the system's processes with a bug planted in its engine.

python -m tests.oracle.planted.process moves_the_checkpoint_before_the_work services.sales.worker
"""

from __future__ import annotations

import runpy
import sys

import pytest

from tests.oracle.planted.bugs import BUGS


def main(bug: str, module: str) -> None:
    """The patch is never undone: it ends with the process."""
    BUGS[bug].plant(pytest.MonkeyPatch())
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
