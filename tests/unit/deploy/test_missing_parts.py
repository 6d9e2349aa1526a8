"""A machine that lacks something is told what to type."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import jars, mongodb
from deploy.local.errors import MissingPart

LOADER = (
    "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
)


def program(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    path.chmod(0o755)
    return path


def test_a_missing_system_library_is_named_with_its_package(tmp_path: Path) -> None:
    mongod = program(tmp_path / "mongod", f"echo '{LOADER}' >&2", "exit 127")
    with pytest.raises(MissingPart, match=r"libcurl\.so\.4.*apt-get install libcurl4"):
        mongodb.check_libraries(mongod)


def test_another_failure_is_passed_on(tmp_path: Path) -> None:
    mongod = program(tmp_path / "mongod", "echo 'Illegal instruction' >&2", "exit 132")
    with pytest.raises(MissingPart, match="Illegal instruction"):
        mongodb.check_libraries(mongod)


def test_a_mongod_that_runs_is_fine(tmp_path: Path) -> None:
    mongodb.check_libraries(program(tmp_path / "mongod", "exit 0"))


def test_a_platform_without_the_wheel_is_told_of_the_other_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mongodb, "WHEEL", "no-such-distribution")
    with pytest.raises(MissingPart, match="MONGODB_URI"):
        mongodb.find_mongod()


def test_jars_that_cannot_be_had_leave_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = program(tmp_path / "jgo", "echo 'cannot reach the repository' >&2", "exit 1")
    monkeypatch.setattr(jars, "_resolver", lambda work: [str(resolver)])
    with pytest.raises(MissingPart, match=r"cannot reach the repository.*KAFKA_BOOTSTRAP_SERVERS"):
        jars.kafka_jars(tmp_path / "cache")
    assert not (tmp_path / "cache" / jars.FOLDER).exists()


def test_jars_are_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of the resolver's folders count; an aborted resolution before does not disturb."""
    cache = tmp_path / "cache"
    partial = cache / f"{jars.FOLDER}.partial"
    partial.mkdir(parents=True)
    made = f'mkdir -p "{partial}/envs/x/jars" "{partial}/envs/x/modules"'
    touched = f'touch "{partial}/envs/x/jars/a.jar" "{partial}/envs/x/modules/b.jar"'
    resolver = program(tmp_path / "jgo", made, touched, f'echo once >> "{tmp_path}/calls"')
    monkeypatch.setattr(jars, "_resolver", lambda work: [str(resolver)])

    for _ in range(2):
        found = jars.kafka_jars(cache)
        assert sorted(jar.name for jar in found.iterdir()) == ["a.jar", "b.jar"]
    assert (tmp_path / "calls").read_text().split() == ["once"]
    assert not partial.exists()
