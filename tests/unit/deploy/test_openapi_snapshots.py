"""The committed OpenAPI documents are those of the code, and an old one is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.cli import openapi


def test_the_committed_documents_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert openapi.main(["--check"]) == 0, capsys.readouterr().out


def test_a_difference_is_told_and_written_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "docs/reference/openapi"
    monkeypatch.setattr(openapi, "FOLDER", folder)

    assert openapi.main(["--check"]) == 1
    assert "docs/reference/openapi/sales.json differs" in capsys.readouterr().out
    assert openapi.main([]) == 0
    (folder / "sales.json").write_text("{}")
    assert openapi.main(["--check"]) == 1
    assert openapi.main([]) == 0
    assert openapi.main(["--check"]) == 0
