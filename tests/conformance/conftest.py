"""The two worlds that a suite runs in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.mongodb import Db, connect, database
from events.types import new_id

BOTH = [
    pytest.param("memory", id="memory"),
    pytest.param("mongodb", id="mongodb", marks=pytest.mark.integration),
]


@pytest.fixture
def db(mongodb_uri: str) -> Iterator[Db]:
    """A database of the test's own."""
    client = connect(mongodb_uri, "conformance")
    name = f"conformance_{new_id().replace('-', '')}"
    yield database(client, name)
    client.drop_database(name)
    client.close()


@pytest.fixture(params=BOTH)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)
