"""The servers of these tests; none may hang for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.house import House, opened
from throughline import Patience, Throughline

HERE = Path(__file__).parent
TIMEOUT_SECONDS = 60

BRISK = Patience(20.0, first_pause=0.001, last_pause=0.01)
"""Long enough for a busy machine, with pauses that nobody notices."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


@pytest.fixture
def house() -> Iterator[House]:
    """A service behind a gateway, both well until told otherwise."""
    with opened(House()) as house:
        yield house


@pytest.fixture
def crm(house: House) -> Throughline:
    return Throughline(house.url, lambda: "a-token", patience=BRISK)
