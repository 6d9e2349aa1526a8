"""Nothing that is known of a person gets into logs or metrics, also when everything breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.parts import Parts

pytestmark = pytest.mark.integration

RARE = (
    "wilhelmina", "quetzal", "2079460958", "xylophone", "vestibule", "zeppelin", "marmalade",
    "ignatius",
)  # fmt: skip
"""One word at least of all that the scenario's person is known by."""


FAILURES = {
    "request failed",
    "reaction.failed",
    "timer.refused",
    "loop.failed",
    "loop.close_failed",
    "a library's line",
}
"""What the scenario makes go wrong, as logs call it."""


@pytest.fixture(scope="module")
def told(parts: Parts, mongodb_uri: str) -> subprocess.CompletedProcess[str]:
    """The scenario's logs (stderr) and metrics (stdout)."""
    environment = {**os.environ, **parts.home.environment, "MONGODB_URI": mongodb_uri}
    done = subprocess.run(
        [sys.executable, "-m", "tests.scenario_personal"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_every_line_is_an_object_and_the_failures_are_among_them(
    told: subprocess.CompletedProcess[str],
) -> None:
    lines = [json.loads(line) for line in told.stderr.splitlines()]
    assert {line["event"] for line in lines} >= FAILURES
    (failed,) = [line for line in lines if line["event"] == "loop.failed"]
    assert "in fail" in failed["exception"]
    assert failed["exception"].splitlines()[-1] == "pymongo.errors.BulkWriteError"
    assert "builtins.KeyError" in failed["exception"]


def test_no_line_holds_what_is_known_of_a_person(told: subprocess.CompletedProcess[str]) -> None:
    for line in told.stderr.splitlines():
        assert not [word for word in RARE if word in line.lower()], line


def test_no_figure_holds_what_is_known_of_a_person(
    told: subprocess.CompletedProcess[str],
) -> None:
    assert 'route="/v1/customers"' in told.stdout
    assert 'throughline_worker_parked_total{loop="projector.v1",service="sales"}' in told.stdout
    for line in told.stdout.splitlines():
        assert not [word for word in RARE if word in line.lower()], line
