"""A system of its own for each test: three databases and the platform's topic.

What needs Kafka's client is imported when needed: this file is read before pytest is configured
to overlook the client's deprecation warnings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.importing.history import History, load
from deploy.importing.places import Places
from events.config import Config, load_config
from events.mongodb import connect
from events.types import new_id
from tests.integration.importing.shop import SOURCE, TODAY

if TYPE_CHECKING:
    from deploy.importing.importer import Outcome


@pytest.fixture
def config(mongodb_uri: str, kafka_bootstrap: str) -> Iterator[Config]:
    from events.log.topics import ensure_topics, topic_specs

    name = f"test_import_{new_id()[-12:]}"
    config = load_config(
        {
            "MONGODB_URI": mongodb_uri,
            "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "THROUGHLINE_DATABASE_PREFIX": f"{name}_",
            "THROUGHLINE_TOPIC_PREFIX": name,
            "THROUGHLINE_PARTITIONS": "1",
        }
    )
    ensure_topics(kafka_bootstrap, [topic_specs(config)[-1]])
    yield config
    with connect(mongodb_uri, "test") as client:
        for context in ("marketing", "sales", "platform"):
            client.drop_database(config.database(context))


@pytest.fixture
def places(config: Config) -> Iterator[Places]:
    places = Places(config)
    yield places
    places.close()


@pytest.fixture
def importing(places: Places, tmp_path: Path) -> Callable[..., Outcome]:
    """Imports lines as a file of the shop, in chunks of 100 rows."""

    from deploy.importing.importer import perform

    def run(lines: list[str], at: Places = places) -> Outcome:
        return perform(written(lines, tmp_path), at, chunk=100)

    return run


def written(lines: list[str], folder: Path) -> History:
    file = folder / f"{new_id()}.txt"
    file.write_text("\n".join(lines))
    return load(file, SOURCE, TODAY)
