from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.house import House


@pytest.fixture(scope="module")
def house(mongodb_uri: str) -> Iterator[House]:
    """Service, alone."""
    # Imports the Kafka client, whose warnings are tolerated only once pytest is configured.
    from services.service.definition import DEFINITION
    from tests.house import opened

    with opened(DEFINITION, mongodb_uri) as house:
        yield house
