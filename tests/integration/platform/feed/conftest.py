"""A fresh log for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.platform.feed.writing import Log


@pytest.fixture
def log(kafka_bootstrap: str) -> Iterator[Log]:
    # Kafka's client may be imported only after pytest has been configured: see tests/parts.py.
    from tests.integration.platform.feed.writing import Log

    log = Log(kafka_bootstrap)
    yield log
    log.close()
