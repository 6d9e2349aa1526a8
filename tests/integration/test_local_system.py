"""A whole system comes up, survives the death of everything, and leaves nothing when it stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from pymongo import MongoClient

from deploy.cli.status import look
from deploy.cli.welcome import TRIES, filled
from deploy.local import processes
from deploy.local.endpoints import SERVICES, Endpoints
from deploy.local.passes import Passes
from deploy.local.paths import Paths
from deploy.local.system import System

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    for variable in ("MONGODB_URI", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(variable, raising=False)
    found = System(Paths(tmp_path / ".local"))
    yield found
    found.clean()


def pids(system: System) -> dict[str, int | None]:
    return {state.name: state.pid for state in system.control.states()}


def note(endpoints: Endpoints, id: str) -> list[Any]:
    """Writes a note and answers all that are there."""
    client: MongoClient[dict[str, Any]] = MongoClient(endpoints.mongodb)
    with client:
        notes = client["kept"]["notes"]
        notes.insert_one({"_id": id})
        return sorted(found["_id"] for found in notes.find())


def try_out(endpoints: Endpoints) -> list[int]:
    """Does what the welcome invites to; answers the status of each."""
    statuses, customer = [], None
    as_director = Passes(Path(endpoints.keys), endpoints.gateway).of("dora")
    for _, path, body in TRIES:
        answer = requests.post(
            endpoints.gateway + path,
            data=filled(body, customer),
            headers={"Content-Type": "application/json", "Authorization": as_director},
            timeout=10,
        )
        statuses.append(answer.status_code)
        customer = customer or answer.json().get("id")
    return statuses


def test_a_system_survives_the_death_of_everything(system: System) -> None:
    lines: list[str] = []
    endpoints = system.up(lines.append)
    assert note(endpoints, "first") == ["first"]
    for service in SERVICES:
        answer = requests.get(f"{endpoints.gateway}/v1/{service}/openapi.json", timeout=10)
        assert answer.status_code == 200
    assert try_out(endpoints) == [201, 201, 201, 201]

    # A second `up` finds everything running and leaves it alone.
    before = pids(system)
    assert system.up(lines.append) == endpoints
    assert pids(system) == before

    # What dies alone is started again by the supervisor.
    psutil.Process(before["gateway"]).kill()
    system.up(lines.append)
    assert pids(system)["gateway"] not in (None, before["gateway"])

    # Everything dies at once, the supervisor too.
    for process in processes.owned_by(system.paths.folder):
        process.kill()
    assert not system.running
    again = system.up(lines.append)
    assert note(again, "second") == ["first", "second"]
    assert all(process["fine"] for process in look(system)["processes"])

    # Only the supervisor dies: its orphans are ended, then all goes on.
    supervisor = int((system.paths.folder / "supervisord.pid").read_text())
    psutil.Process(supervisor).kill()
    again = system.up(lines.append)
    assert any("killed run" in line for line in lines)
    assert note(again, "third") == ["first", "second", "third"]

    assert system.down()
    assert processes.owned_by(system.paths.folder) == []
    assert not system.down()
