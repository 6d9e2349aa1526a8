"""The gateway as a process: its own pages, what it refuses to start with, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from openapi_spec_validator import validate

from tests.integration.gateway.conftest import Stage
from tests.integration.gateway.little import HOUSEHOLDS, Call, LittleService, gateway, until


def test_the_index_says_what_is_here_and_that_there_is_no_sign_in(stage: Stage) -> None:
    index = stage.gateway.get("/").json
    assert set(index["services"]) == {"sales", "marketing", "service"}
    assert "loopback only" in index["sign_in"]
    for path in index["links"]["health"]:
        assert stage.gateway.get(path).status == 200


def test_readiness_tells_who_is_away_and_stays_ready(stage: Stage) -> None:
    ready = stage.gateway.get("/readyz")
    assert ready.status == 200
    assert ready.json["services"] == {"sales": True, "marketing": True, "service": False}


def test_the_description_names_every_route(stage: Stage) -> None:
    described = stage.gateway.get("/v1/openapi.json").json
    validate(described)
    for path in described["paths"]:
        filled = path.replace("{id}", "x").replace("{service}", "sales")
        filled = filled.replace("{type}", "crm.sales.order.placed.v1")
        assert stage.gateway.get(filled).status not in (400, 404), path


def test_metrics_count_by_route_and_service(stage: Stage) -> None:
    stage.gateway.ask("POST", "/v1/sales/counted/0190/complete", body=b"{}")
    stage.gateway.get("/v1/service/cases")
    page = stage.gateway.get("/metrics").body.decode()
    labels = 'method="POST",route="/v1/sales/counted/{id}/complete",status="200",upstream="sales"'
    assert f"throughline_gateway_requests_total{{{labels}}} 1.0" in page
    assert 'status="503",upstream="service"' in page
    assert "throughline_gateway_request_seconds_bucket" in page


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "THROUGHLINE_UPSTREAMS"),
        ({"THROUGHLINE_HOST": "0.0.0.0"}, "THROUGHLINE_DEV_ISSUER"),
        ({"THROUGHLINE_PORT": "many"}, "THROUGHLINE_PORT"),
        ({"THROUGHLINE_LOG_LEVEL": "loud"}, "THROUGHLINE_LOG_LEVEL"),
    ],
)
def test_a_configuration_that_makes_no_sense_ends_it(variables: dict[str, str], named: str) -> None:
    enough = {**HOUSEHOLDS[0].variables, "THROUGHLINE_UPSTREAMS": "sales=http://127.0.0.1:1"}
    ended = subprocess.run(
        [sys.executable, "-m", "gateway"],
        env={**os.environ, **(enough if variables else {}), **variables},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ended.returncode == 78
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


def test_logs_are_json_without_query_and_body(tmp_path) -> None:
    sales = LittleService()
    log = tmp_path / "log"
    with (
        log.open("wb") as sink,
        gateway({"sales": sales.url}, stderr=sink, log_level="info") as process,
    ):
        process.ask("POST", "/v1/sales/orders?name=SECRET", {"X-Correlation-Id": "c7"}, b"SECRET")
        process.raw(b"GARBAGE SECRET\r\n\r\n")
    sales.close()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (line,) = [line for line in lines if line.get("correlation_id") == "c7"]
    assert (line["route"], line["status"], line["upstream"]) == ("/v1/sales/orders", 200, "sales")
    assert any("loopback" in line["event"] for line in lines)
    assert "SECRET" not in log.read_text()


def test_sigterm_finishes_what_runs_and_turns_readiness_off() -> None:
    arrived, over = threading.Event(), threading.Event()

    def long(call: Call) -> None:
        arrived.set()
        over.wait(10)
        call.answer(201, b"done")

    sales = LittleService({"/v1/orders": long})
    with gateway({"sales": sales.url}) as process, ThreadPoolExecutor(1) as pool:
        running = pool.submit(process.ask, "POST", "/v1/sales/orders", None, b"{}")
        assert arrived.wait(10)
        kept = process.connect()
        kept.connect()
        assert readiness(kept) == 200
        process.process.send_signal(signal.SIGTERM)
        until(lambda: readiness(kept) == 503)
        over.set()
        assert (running.result().status, running.result().body) == (201, b"done")
        assert process.process.wait(20) == 0
        kept.close()
    sales.close()


def readiness(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/readyz")
    response = connection.getresponse()
    response.read()
    return response.status
