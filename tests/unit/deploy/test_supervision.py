"""The supervisor's configuration says what each process needs, read by the supervisor's parser."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from deploy.local.endpoints import HOUSES, Endpoints
from deploy.local.paths import ROOT, Paths
from deploy.local.programs import Program, service_programs
from deploy.local.supervision import render

ENDPOINTS = Endpoints(
    gateway="http://127.0.0.1:7000",
    kafka="127.0.0.1:9092",
    mongodb="mongodb://user:p%40ss@127.0.0.1:27017/?replicaSet=rs0",
    marketing="http://127.0.0.1:7001",
    sales="http://127.0.0.1:7002",
    service="http://127.0.0.1:7003",
    analytics="http://127.0.0.1:7004",
    platform="http://127.0.0.1:7005",
    workers={service: f"http://127.0.0.1:{7011 + i}" for i, service in enumerate(HOUSES)},
    supervisor="/s.sock",
    keys="/keys",
)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """In a folder with what people and their tools put into names of folders."""
    found = Paths(tmp_path / "100% mine" / ".local")
    found.logs.mkdir(parents=True)
    monkeypatch.chdir(found.folder)
    return found


def parsed(paths: Paths, programs: list[Program]) -> ServerOptions:
    paths.supervisor_config.write_text(render(paths, programs))
    options = ServerOptions()
    options.realize(["-c", str(paths.supervisor_config)])
    return options


def processes(options: ServerOptions) -> dict[str, object]:
    return {group.name: group.process_configs[0] for group in options.process_group_configs}


def test_every_process_of_a_system_is_there() -> None:
    names = [program.name for program in service_programs(ENDPOINTS)]
    expected = {f"{service}-{kind}" for service in HOUSES for kind in ("web", "worker")}
    assert set(names) == expected | {"gateway"}
    assert len(names) == 11


def test_web_worker_and_gateway_learn_their_ports() -> None:
    by_name = {program.name: program for program in service_programs(ENDPOINTS)}
    assert by_name["sales-web"].environment == {
        "THROUGHLINE_INSTANCE": "sales-web",
        "THROUGHLINE_HOST": "127.0.0.1",
        "THROUGHLINE_PORT": "7002",
        "THROUGHLINE_ACCESS_KEYS": "/keys/keys.json",
    }
    assert by_name["sales-worker"].environment["THROUGHLINE_HEALTH_PORT"] == "7012"
    assert by_name["gateway"].environment["THROUGHLINE_UPSTREAMS"] == (
        "marketing=http://127.0.0.1:7001,sales=http://127.0.0.1:7002,"
        "service=http://127.0.0.1:7003,analytics=http://127.0.0.1:7004,"
        "platform=http://127.0.0.1:7005"
    )
    assert "sales=http://127.0.0.1:7012" in by_name["gateway"].environment["THROUGHLINE_WORKERS"]
    assert list(by_name["sales-worker"].command[1:]) == ["-m", "services.sales.worker"]


def test_the_supervisor_understands_all_of_it(paths: Paths) -> None:
    wanted = service_programs(ENDPOINTS)
    found = processes(parsed(paths, wanted))
    for program in wanted:
        config = found[program.name]
        assert config.environment == dict(program.environment)  # type: ignore[attr-defined]
        assert shlex.split(config.command) == list(program.command)  # type: ignore[attr-defined]
        log = Path(config.stdout_logfile)  # type: ignore[attr-defined]
        assert log.resolve() == paths.log(program.name)
        assert config.directory == str(ROOT)  # type: ignore[attr-defined]


def test_what_ends_is_restarted_and_the_whole_group_is_stopped(paths: Paths) -> None:
    program = Program("one", ["/bin/with space", "50%"], automatic=True)
    config = processes(parsed(paths, [program]))["one"]
    assert shlex.split(config.command) == ["/bin/with space", "50%"]  # type: ignore[attr-defined]
    assert config.autostart is True  # type: ignore[attr-defined]
    assert config.autorestart  # type: ignore[attr-defined]
    assert config.stopasgroup is True  # type: ignore[attr-defined]
    assert config.killasgroup is True  # type: ignore[attr-defined]
    assert config.stopwaitsecs == 15  # type: ignore[attr-defined]


def test_servers_start_first_and_the_gateway_last(paths: Paths) -> None:
    server = Program("mongodb", ["mongod"], priority=10, automatic=True)
    options = parsed(paths, [*service_programs(ENDPOINTS), server])
    order = [group.name for group in sorted(options.process_group_configs)]
    assert order[0] == "mongodb"
    assert order[-1] == "gateway"


def test_secrets_stay_out_of_the_file(paths: Paths) -> None:
    assert "p%40ss" not in render(paths, service_programs(ENDPOINTS))
