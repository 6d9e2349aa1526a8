"""`throughline import purchases --dry-run`: the report, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import cli
from tests.unit.importing.mothers import TINY


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "purchases.txt"
    path.write_text("\n".join([*TINY, "00003 19970101 1 -1.00"]))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["import", "purchases", *map(str, arguments)])


def test_a_dry_run_needs_no_server_and_tells_everything(file: Path) -> None:
    result = run(file, "--dry-run", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["dry_run"] is True
    assert told["rows"] == 5
    assert told["file"] == {"customers": 2, "purchases": 4, "cds": 10, "money": "100.78"}
    assert [one["line"] for one in told["rejected"]] == [6]
    assert told["stores"] is None


def test_the_same_report_for_a_person(file: Path) -> None:
    result = run(file, "--dry-run", "--progress")
    assert "2 customers, 4 purchases, 10 CDs, 100.78 USD" in result.stdout
    assert "line 6: the value" in result.stdout
    assert "4 of 4" in result.stderr


def test_without_a_bad_row_it_succeeds(file: Path) -> None:
    assert run(file, "--dry-run", "--limit", 4).exit_code == 0


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    result = run(tmp_path / "none.txt", "--dry-run")
    assert result.exit_code == 1
    assert "There is no" in result.stderr
    assert "Traceback" not in result.output


def test_a_source_is_a_word(file: Path) -> None:
    assert run(file, "--dry-run", "--source", "a/b").exit_code == 2
