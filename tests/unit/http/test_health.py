"""Health of web processes and workers, and what the metrics say."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from events.http.health import Health, serve_health
from tests.unit.http.depot import Depot


def failing() -> None:
    raise ConnectionError("mongodb is away")


def test_alive_looks_at_nothing(depot: Depot) -> None:
    depot.health.ready["mongodb"] = failing
    depot.health.startup["topics"] = failing
    depot.health.draining.set()
    response = depot.client.get("/livez")
    assert (response.status_code, response.get_json()) == (200, {"status": "alive"})


def test_ready_shows_every_check(depot: Depot) -> None:
    depot.health.ready.update({"mongodb": lambda: {"lag": 3}, "log": lambda: None})
    response = depot.client.get("/readyz")
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ready",
        "checks": {
            "mongodb": {"ok": True, "detail": {"lag": 3}},
            "log": {"ok": True, "detail": None},
        },
    }


def test_one_failed_check_is_not_ready(depot: Depot) -> None:
    depot.health.ready.update({"mongodb": failing, "log": lambda: "fine"})
    response = depot.client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    body = response.get_json()
    assert body["status"] == "not-ready"
    assert body["checks"]["mongodb"] == {
        "ok": False,
        "detail": "ConnectionError: mongodb is away",
    }
    assert body["checks"]["log"]["ok"]


def test_draining_is_not_ready_but_answers(depot: Depot) -> None:
    depot.health.draining.set()
    response = depot.client.get("/readyz")
    assert (response.status_code, response.get_json()["status"]) == (503, "draining")
    assert depot.send().status_code == 201


def test_started_stays_started(depot: Depot) -> None:
    depot.health.startup["topics"] = failing
    starting = depot.client.get("/startupz")
    assert (starting.status_code, starting.get_json()["status"]) == (503, "starting")
    depot.health.startup["topics"] = lambda: None
    assert depot.client.get("/startupz").status_code == 200
    depot.health.startup["topics"] = failing
    assert depot.client.get("/startupz").status_code == 200


def test_requests_are_counted_by_route(depot: Depot) -> None:
    parcel_id = depot.send().get_json()["id"]
    before = counted(depot, parcel_id)
    depot.client.get(f"/v1/parcels/{parcel_id}")
    depot.client.get("/v1/parcels/other")
    depot.client.open("/somewhere", method="BREW")
    after = counted(depot, parcel_id)
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1, 2]


def counted(depot: Depot, parcel_id: str) -> list[float]:
    text = depot.client.get("/metrics").get_data(as_text=True)
    assert parcel_id not in text
    route = 'route="/v1/parcels/<id:parcel_id>"'
    requests, seconds = (
        "throughline_http_requests_total",
        "throughline_http_request_duration_seconds",
    )
    names = [
        f'{requests}{{method="GET",{route},service="depot",status="200"}}',
        f'{requests}{{method="GET",{route},service="depot",status="404"}}',
        f'{requests}{{method="OTHER",route="unmatched",service="depot",status="404"}}',
        f'{seconds}_count{{method="GET",{route},service="depot"}}',
    ]
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return [float(lines.get(name, 0)) for name in names]


@pytest.fixture
def fetch() -> Callable[[int, str], tuple[int, Any]]:
    def get(port: int, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return get


def test_a_worker_serves_its_health(fetch: Callable[[int, str], tuple[int, Any]]) -> None:
    health = Health({"kafka": lambda: "here"})
    server = serve_health(health, "127.0.0.1", 0, lambda: {"lag": 7})
    try:
        assert fetch(server.port, "/livez")[0] == 200
        assert json.loads(fetch(server.port, "/readyz")[1])["checks"]["kafka"]["ok"]
        assert json.loads(fetch(server.port, "/status")[1]) == {"lag": 7}
        assert b"throughline_http" in fetch(server.port, "/metrics")[1]
        health.draining.set()
        assert fetch(server.port, "/readyz")[0] == 503
    finally:
        server.close()
    assert not any(thread.name == "health" for thread in threading.enumerate())
    with pytest.raises(urllib.error.URLError):
        fetch(server.port, "/livez")
