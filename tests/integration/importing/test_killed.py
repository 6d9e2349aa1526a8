"""Killed at any of its crash points and run again, an import has happened exactly once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.importing.places import Places
from events.config import Config
from tests.integration.importing.shop import documents, events, in_lines, in_stores, lines

pytestmark = [pytest.mark.integration, pytest.mark.feature("S26")]

ROWS = lines(1300)
"""Two chunks, so four crash points: customers and orders of the first, then of the second."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "purchases.txt"
    path.write_text("\n".join(ROWS))
    return path


@pytest.mark.parametrize(
    ("point", "customers", "orders"), [(1, 143, 0), (2, 143, 1000), (4, 186, 1300)]
)
def test_it_goes_on_where_it_was(
    config: Config, places: Places, file: Path, point: int, customers: int, orders: int
) -> None:
    killed = command(config, file, THROUGHLINE_CRASH_POINTS=f"import.after_append:{point}")
    assert killed.returncode == -9, killed.stderr
    assert len(documents(places.sales)) == orders
    assert len(documents(places.marketing)) >= customers
    resumed = command(config, file)
    assert resumed.returncode == 0, resumed.stderr
    told = json.loads(resumed.stdout)
    assert (told["new"], told["already_there"]) == (1300 - orders, orders)
    assert told["stores"] == told["file"]
    assert_exactly_once(places)


def assert_exactly_once(places: Places) -> None:
    assert in_stores(places) == in_lines(ROWS)
    for store in (places.marketing, places.sales):
        ids = [event["id"] for event in events(store)]
        assert len(ids) == len(set(ids))
    assert {commit["last"] for commit in documents(places.sales)} == {2}
    steps = [event["type"].rsplit(".", 2)[1] for event in events(places.platform)]
    assert steps == ["started", "completed"]


def test_without_any_server_it_says_so_and_can_be_run_again(config: Config, file: Path) -> None:
    away = command(config, file, MONGODB_URI="mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200")
    assert away.returncode == 1
    assert "Traceback" not in away.stderr
    assert len(away.stderr.splitlines()) == 1


def command(config: Config, file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`throughline import purchases` as a process of its own."""
    environment = {
        **os.environ,
        "MONGODB_URI": config.mongodb_uri,
        "KAFKA_BOOTSTRAP_SERVERS": config.kafka_bootstrap,
        "THROUGHLINE_DATABASE_PREFIX": config.database_prefix,
        "THROUGHLINE_TOPIC_PREFIX": config.topic_prefix,
        **variables,
    }
    arguments = ["import", "purchases", str(file), "--source", "shop", "--json"]
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
