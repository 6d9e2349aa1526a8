"""The two worlds that a suite runs in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.mongodb import Db, connect, database
from events.projection.memory import MemoryProjection
from events.projection.mongo import MongoProjection
from events.projection.unit import ProjectionStorage
from events.types import new_id
from tests.conformance.relaying import Ports, in_memory, on_mongodb
from tests.conformance.storing import ORDERS

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


@pytest.fixture
def ports(backend: str, request: pytest.FixtureRequest) -> Ports:
    """A store with its feeds, book and leases."""
    return in_memory() if backend == "memory" else on_mongodb(request.getfixturevalue("db"))


@pytest.fixture
def storage(backend: str, request: pytest.FixtureRequest) -> ProjectionStorage:
    if backend == "memory":
        return MemoryProjection([ORDERS])
    real = MongoProjection(request.getfixturevalue("db"), 3, [ORDERS])
    real.prepare()
    return real
