"""The table of features and the tests that carry their ids never contradict each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.features import (
    IDS,
    TABLE,
    Feature,
    contradictions,
    holds,
    marked,
    read_table,
    render,
)

TABLE_NOW = read_table(TABLE.read_text())


def test_the_table_has_exactly_the_ids_that_were_asked_for() -> None:
    assert len(IDS) == 136
    assert [feature.id for feature in TABLE_NOW] == list(IDS)


def test_the_table_says_what_the_tests_say() -> None:
    assert contradictions(TABLE_NOW, marked()) == []


def test_every_row_says_whose_it_is_and_what() -> None:
    for feature in TABLE_NOW:
        assert feature.owner
        assert len(feature.capability.split()) >= 3


def row(id: str = "S01", state: str = "open", *tests: str, missing: str = "") -> Feature:
    return Feature(id, "all", "Does something well", state, missing, tests)


EVERY = [row(id) for id in IDS]


def with_first(first: Feature) -> list[Feature]:
    return [first, *EVERY[1:]]


@pytest.mark.parametrize(
    ("table", "tests", "told"),
    [
        (with_first(row(state="proven")), {}, "S01: it is proven with 0 files"),
        (with_first(row(state="in part", missing="half")), {}, "S01: it is in part with 0 files"),
        (
            EVERY,
            {"S01": {"acceptance/a.py"}},
            "S01: the table names no test, but ['acceptance/a.py']",
        ),
        (
            with_first(row("S01", "proven", "faults/b.py")),
            {"S01": {"acceptance/a.py"}},
            "names faults/b.py",
        ),
        (
            with_first(row("S01", "done", "acceptance/a.py")),
            {"S01": {"acceptance/a.py"}},
            "its state is 'done'",
        ),
        (
            with_first(row("S01", "in part", "acceptance/a.py")),
            {"S01": {"acceptance/a.py"}},
            "what is missing",
        ),
        (
            EVERY,
            {"S999": {"acceptance/a.py"}},
            "S999: acceptance/a.py proves what is not in the table",
        ),
        (EVERY[1:], {}, "S01: is not in the table"),
        ([*EVERY, EVERY[0]], {}, "S01: stands in the table 2 times"),
        ([*EVERY, row("S122")], {}, "S122: nobody asked for it"),
    ],
)
def test_a_contradiction_is_told(
    table: list[Feature], tests: dict[str, set[str]], told: str
) -> None:
    assert contradictions(EVERY, {}) == []
    assert any(told in one for one in contradictions(table, tests))


def test_tests_of_parts_support_but_do_not_prove() -> None:
    assert contradictions(EVERY, {"S01": {"unit/a.py"}}) == []
    proven = with_first(row("S01", "proven", "acceptance/a.py"))
    assert contradictions(proven, {"S01": {"unit/a.py", "acceptance/a.py"}}) == []
    assert contradictions(proven, {"S01": {"unit/a.py"}})


def test_marks_are_found_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "test_some.py").write_text(
        "import pytest\n"
        'pytestmark = pytest.mark.feature("S01")\n'
        '@pytest.mark.feature("S02", "S03")\n'
        '@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.feature("N01"))])\n'
        "def test_one(x): ...\n"
    )
    (tmp_path / "helper.py").write_text('import pytest\npytest.mark.feature("S09")\n')
    assert marked(tmp_path) == {id: {"deep/test_some.py"} for id in ("S01", "S02", "S03", "N01")}


@pytest.mark.parametrize(
    ("outcomes", "proven"),
    [
        (["passed", "passed"], True),
        (["passed", "failed"], False),
        (["passed", "skipped"], False),
        ([], False),
    ],
)
def test_only_what_passed_whole_counts(outcomes: list[str], proven: bool) -> None:
    table = with_first(row("S01", "proven", "acceptance/a.py"))
    results = {"S01": {f"a.py::{n}": told for n, told in enumerate(outcomes)}}
    assert holds(table[0], results) is proven
    assert list(render(table, results))[-1] == f"{int(proven)} of 136 proven"


def test_what_is_proven_in_part_does_not_count() -> None:
    part = replace(row("S01", "in part", "acceptance/a.py"), missing="the other half")
    lines = list(render(with_first(part), {"S01": {"a.py::1": "passed"}}))
    assert lines[-2:] == ["1 in part", "0 of 136 proven"]
    assert any("the other half" in line for line in lines)


def test_the_cases_of_a_test_are_one_line_with_the_worst_outcome() -> None:
    outcomes = {"a.py::t[1]": "passed", "a.py::t[2]": "failed", "a.py::u": "passed"}
    lines = list(render(EVERY, {"S01": outcomes}))
    assert [line.strip() for line in lines[1:3]] == [
        "failed   a.py::t (2 cases)",
        "passed   a.py::u",
    ]


def test_a_broken_row_is_refused() -> None:
    with pytest.raises(ValueError, match="five columns"):
        read_table("| S01 | all | a | b | proven | x.py |")
