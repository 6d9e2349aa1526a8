"""A database for each test, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.mongodb import Db, connect, database
from events.types import new_id


@pytest.fixture
def db(mongodb_uri: str) -> Iterator[Db]:
    client = connect(mongodb_uri, "webhook-tests")
    name = f"test_{new_id()[-12:]}_webhooks"
    yield database(client, name)
    client.drop_database(name)
    client.close()
