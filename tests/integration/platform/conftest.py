"""The platform's house for the tests beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.house import House


@pytest.fixture
def platform(mongodb_uri: str) -> Iterator[House]:
    # Imported here, for pytest reads conftests before it knows which warnings to ignore.
    from gateway.platform.definition import DEFINITION
    from tests.house import opened

    with opened(DEFINITION, mongodb_uri) as house:
        yield house
