"""What a planted bug is, and the table of them.

`plant` patches the engine; `finds` is the kind of finding that the oracle must come to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.oracle.findings import Kind
from tests.oracle.planted.stage import Stage

Patch = pytest.MonkeyPatch
Story = Callable[[Stage], None]
SALES = ("sales",)
BOTH = ("marketing", "sales")


@dataclass(frozen=True)
class Bug:
    """`services` are those that the story needs."""

    plant: Callable[[Patch], None]
    story: Story
    finds: Kind
    services: tuple[str, ...] = SALES


BUGS: dict[str, Bug] = {}


def bug(story: Any, finds: Kind, services: tuple[str, ...] = SALES) -> Callable[[Any], Any]:
    """Registers a plant under its function's name."""

    def register(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        BUGS[plant.__name__] = Bug(plant, story, finds, services)
        return plant

    return register
