"""endpoints.json: complete, private, and the memory of the ports."""

from __future__ import annotations

import json
import stat
import tempfile
from pathlib import Path

import pytest

from deploy.local.endpoints import HOUSES, Endpoints
from deploy.local.paths import LONGEST_SOCKET, Paths

KEYS = Path(tempfile.mkdtemp())


def settled(before: Endpoints | None = None) -> Endpoints:
    return Endpoints.settle(before, "127.0.0.1:1", "mongodb://127.0.0.1:2", Path("/s.sock"), KEYS)


def test_the_file_names_every_address(tmp_path: Path) -> None:
    settled().save(tmp_path / "endpoints.json")
    found = json.loads((tmp_path / "endpoints.json").read_text())
    expected = {"gateway", "kafka", "mongodb", "workers", "supervisor", "keys", *HOUSES}
    assert set(found) == expected
    assert set(found["workers"]) == set(HOUSES)
    assert found["kafka"] == "127.0.0.1:1"
    assert all(found[name].startswith("http://127.0.0.1:") for name in ("gateway", *HOUSES))


def test_all_ports_differ_and_are_kept_at_the_next_start() -> None:
    first = settled()
    assert len(set(first.ports.values())) == len(first.ports) == 11
    assert settled(first).ports == first.ports


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    endpoints = settled()
    endpoints.save(file)
    assert Endpoints.load(file) == endpoints
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("text", [None, "", "{", '{"gateway": "http://127.0.0.1:1"}', "[]"])
def test_a_file_that_makes_no_sense_counts_as_none(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "endpoints.json"
    if text is not None:
        file.write_text(text)
    assert Endpoints.load(file) is None


def test_a_long_path_moves_the_socket_to_a_short_one(tmp_path: Path) -> None:
    short = Paths(Path("/x/.local"))
    assert short.supervisor_socket.parent == short.folder
    long, other = (Paths(Path("/" + name * 120)) for name in "xy")
    assert len(str(long.supervisor_socket)) <= LONGEST_SOCKET
    assert long.supervisor_socket != other.supervisor_socket


def test_nobody_else_may_look_into_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    paths = Paths(tmp_path / ("long" * 30) / ".local")
    paths.make()
    assert stat.S_IMODE(paths.supervisor_socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(paths.folder.stat().st_mode) == 0o700
