"""Every command explains itself, answers in JSON, and fails with one line and the right code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from deploy.cli import main
from deploy.cli.main import cli
from deploy.local.paths import FOLDER_VARIABLE


def commands(
    command: click.Command, name: str = "throughline"
) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, with the words that call them."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(found, f"{name} {child}")


ALL = dict(commands(cli))


@pytest.fixture
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / ".local"))
    for variable in ("MONGODB_URI", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("name", ALL)
def test_help_has_an_example(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split()[1:], "--help"])
    assert result.exit_code == 0
    assert re.search(rf"\b{name}\b", result.output.partition("Example:")[2])


@pytest.mark.parametrize("name", [n for n, c in ALL.items() if not isinstance(c, click.Group)])
def test_every_command_answers_in_json(name: str) -> None:
    assert "--json" in [option for param in ALL[name].params for option in param.opts]


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize("words", [["status"], ["logs"], ["topics", "ensure"]])
def test_nothing_running_is_exit_code_3(words: list[str]) -> None:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        "Error: nothing is running here: start it with `throughline up`"
    ]


@pytest.mark.usefixtures("nothing_runs")
def test_stopping_nothing_is_fine() -> None:
    result = CliRunner().invoke(cli, ["down", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"stopped": False}


def test_wrong_use_is_exit_code_2() -> None:
    assert CliRunner().invoke(cli, ["status", "--loud"]).exit_code == 2
    assert CliRunner().invoke(cli, ["flatten"]).exit_code == 2


def test_an_unknown_failure_is_one_line_and_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1")
    monkeypatch.setenv("THROUGHLINE_PARTITIONS", "six")
    result = CliRunner().invoke(cli, ["topics", "ensure"])
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "six" in result.stderr


def test_a_missing_module_takes_only_its_own_command_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(main.COMMANDS, "absent", "deploy.cli.absent:absent")
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    assert "status" in result.output
    assert "absent" not in result.output
    assert CliRunner().invoke(cli, ["absent"]).exit_code == 2
