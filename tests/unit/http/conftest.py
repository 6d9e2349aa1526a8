from __future__ import annotations

import pytest

from tests.unit.http.depot import Depot


@pytest.fixture
def depot() -> Depot:
    return Depot()
