"""Named points at which a process kills itself, so that faults can be put where they hurt.

`THROUGHLINE_CRASH_POINTS=relay.after_send:3` dies the third time the point is reached. Without
the variable a point costs one look-up in an empty dictionary.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

POINTS = frozenset(
    {
        "store.after_append",
        "relay.after_send",
        "relay.after_checkpoint",
        "projection.inside_transaction",
        "projection.after_transaction",
        "reaction.inside_transaction",
        "reaction.after_transaction",
        "rebuild.before_swap",
        "rebuild.after_swap",
        "import.after_append",
        "webhook.before_cursor",
    }
)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


_countdown: dict[str, int] = {}
_act: Callable[[], None] = _kill


def arm(spec: str, act: Callable[[], None] = _kill) -> None:
    """`spec` is `name[:times]`, comma separated; raises ValueError for an unknown name."""
    global _act
    _act = act
    _countdown.clear()
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        name, _, times = part.partition(":")
        if name not in POINTS:
            raise ValueError(f"no crash point {name!r}; there are {', '.join(sorted(POINTS))}")
        _countdown[name] = int(times or 1)


def crash_point(name: str) -> None:
    """Dies here if it is this point's turn."""
    if name in _countdown:
        _countdown[name] -= 1
        if _countdown[name] == 0:
            del _countdown[name]
            _act()
