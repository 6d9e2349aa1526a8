"""As many rounds as there is time for: a busy machine must not make a run endless."""

from __future__ import annotations

import time
from collections.abc import Iterator

FEWEST = 2
"""Below that there is no spread to tell."""


def rounds(most: int, seconds: float) -> Iterator[int]:
    """0, 1, 2 … up to `most`; ends early when `seconds` are over, but not before `FEWEST`."""
    started = time.monotonic()
    for number in range(most):
        if number >= FEWEST and time.monotonic() - started > seconds:
            return
        yield number
