"""The package installs by itself, and needs nothing of the platform."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest
import urllib3

PACKAGE = Path(__file__).parents[2] / "clients/python"
TRY = """
import importlib.metadata, importlib.resources, sys
import throughline, throughline.webhooks
assert throughline.__file__.startswith(sys.prefix), throughline.__file__
assert importlib.resources.files("throughline").joinpath("py.typed").is_file()
needs = importlib.metadata.requires("throughline-client")
assert [one.split(">")[0] for one in needs] == ["urllib3"], needs
strangers = {"events", "services", "gateway", "deploy", "requests", "flask"} & set(sys.modules)
assert not strangers, strangers
"""


@pytest.mark.timeout(120)
def test_it_installs_into_an_empty_environment_and_works_there(tmp_path: Path) -> None:
    """Offline: the build tools and urllib3 are those that we have."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin/python"
    site = next(home.glob("lib/python*/site-packages"))
    run(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"),
        *("--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)),
        str(copied(tmp_path / "source")),
    )
    (site / "urllib3").symlink_to(Path(urllib3.__file__).parent)
    run(str(python), "-I", "-c", TRY)


def copied(target: Path) -> Path:
    """The sources alone: a build leaves traces beside them."""
    for path in PACKAGE.rglob("*"):
        if path.is_file() and not {"build", "__pycache__"} & set(path.parts):
            there = target / path.relative_to(PACKAGE)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
    return target


def run(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert ended.returncode == 0, ended.stdout + ended.stderr
