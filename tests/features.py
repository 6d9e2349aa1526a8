"""Which features are proven: `python -m tests.features`, which is `make features`.

Reads the ids from docs/reference/features.md, runs every test that carries one
(`@pytest.mark.feature("S01")`), and prints each id with its tests and their results. Exits with 1
when one of them fails, or when table and tests contradict each other.

    python -m tests.features             run them all
    python -m tests.features -k leads    with any arguments of pytest
    python -m tests.features --no-run    as they were when they ran last
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
TABLE = TESTS.parent / "docs" / "reference" / "features.md"
IDS = (
    *(f"S{number:02d}" for number in range(1, 122)),
    *(f"N{number:02d}" for number in range(1, 16)),
)
STATES = ("proven", "in part", "open")
PROVING = ("acceptance/", "faults/")
"""Tests of the whole system prove; others that carry an id support, and must pass as well."""

CACHE = "features/results"
WORST_FIRST = ("failed", "skipped", "passed")
NO_RUN = "--no-run"

_ROW = re.compile(r"\| *([SN]\d+) *\|")

Results = Mapping[str, Mapping[str, str]]
"""Of each id, the outcome (passed, failed, skipped) of each test by its node id."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A row of the table. `tests` are the files that prove it, under tests/."""

    id: str
    owner: str
    capability: str
    state: str
    missing: str
    tests: tuple[str, ...]


def read_table(text: str) -> list[Feature]:
    """The rows in their order; raises ValueError for one with another number of columns."""
    return [_feature(line) for line in text.splitlines() if _ROW.match(line)]


def _feature(line: str) -> Feature:
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if len(cells) != 5:
        raise ValueError(f"five columns are expected: {line}")
    id, owner, capability, told, tests = cells
    state, _, missing = told.partition(":")
    return Feature(id, owner, capability, state, missing.strip(), tuple(tests.split()))


def marked(folder: Path = TESTS) -> dict[str, set[str]]:
    """The files under the folder that carry each id."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.rglob("test_*.py")):
        for id in _marks(ast.parse(path.read_text())):
            found[id].add(path.relative_to(folder).as_posix())
    return dict(found)


def _marks(tree: ast.AST) -> Iterator[str]:
    """The ids in every `pytest.mark.feature("…")`, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.feature":
            yield from (str(ast.literal_eval(argument)) for argument in node.args)


def contradictions(table: Sequence[Feature], tests: Mapping[str, set[str]]) -> list[str]:
    """What is wrong with the table by itself, and between it and the tests."""
    return [*_of_ids(table, tests), *(fault for one in table for fault in _of_row(one, tests))]


def _of_ids(table: Sequence[Feature], tests: Mapping[str, set[str]]) -> Iterator[str]:
    counted = Counter(feature.id for feature in table)
    yield from (f"{id}: stands in the table {n} times" for id, n in counted.items() if n > 1)
    yield from (f"{id}: is not in the table" for id in IDS if id not in counted)
    yield from (f"{id}: nobody asked for it" for id in counted if id not in IDS)
    for id in sorted(tests.keys() - counted.keys()):
        yield f"{id}: {', '.join(sorted(tests[id]))} proves what is not in the table"


def _of_row(one: Feature, tests: Mapping[str, set[str]]) -> Iterator[str]:
    if one.state not in STATES:
        yield f"{one.id}: its state is {one.state!r}, not one of {', '.join(STATES)}"
    if (one.state == "in part") != bool(one.missing):
        yield f"{one.id}: what is in part says what is missing, and nothing else does"
    carrying = {file for file in tests.get(one.id, ()) if file.startswith(PROVING)}
    if set(one.tests) != carrying:
        told = ", ".join(one.tests) or "no test"
        yield f"{one.id}: the table names {told}, but {sorted(carrying) or 'none'} carries it"
    if (one.state == "open") == bool(carrying):
        yield f"{one.id}: it is {one.state} with {len(carrying)} files of tests"


class Recorder:
    """A plugin of pytest that notes the outcome of every test that carries an id."""

    def __init__(self) -> None:
        self.results: dict[str, dict[str, str]] = defaultdict(dict)
        self._ids: dict[str, list[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            ids = {str(id) for mark in item.iter_markers("feature") for id in mark.args}
            self._ids[item.nodeid] = sorted(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        for id in self._ids.get(report.nodeid, ()):
            # A teardown that fails spoils what had passed.
            if self.results[id].get(report.nodeid) != "failed":
                self.results[id][report.nodeid] = report.outcome

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.config.cache is not None and self.results:
            session.config.cache.set(CACHE, self.results)


class Recall:
    """A plugin of pytest that only reads what was noted last."""

    def __init__(self) -> None:
        self.results: Results = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        if config.cache is not None:
            self.results = config.cache.get(CACHE, {})


def holds(feature: Feature, results: Results) -> bool:
    """Whether all of its tests have run and passed."""
    outcomes = results.get(feature.id, {}).values()
    return bool(outcomes) and set(outcomes) == {"passed"}


def render(table: Iterable[Feature], results: Results) -> Iterator[str]:
    """Each id with its tests and their results, and the count at the end."""
    table = list(table)
    for feature in table:
        missing = f" ({feature.missing})" if feature.missing else ""
        yield f"{feature.id}  {feature.state:8}{feature.capability}{missing}"
        yield from (f"       {line}" for line in _tests(results.get(feature.id, {})))
        if feature.tests and feature.id not in results:
            yield f"       not run  {', '.join(feature.tests)}"
    held = Counter(feature.state for feature in table if holds(feature, results))
    yield f"{held['in part']} in part"
    yield f"{held['proven']} of {len(IDS)} proven"


def _tests(outcomes: Mapping[str, str]) -> Iterator[str]:
    """One line a test function: the worst outcome of its cases, and how many they are."""
    functions: dict[str, list[str]] = defaultdict(list)
    for test, outcome in outcomes.items():
        functions[test.partition("[")[0]].append(outcome)
    for test, told in sorted(functions.items()):
        cases = f" ({len(told)} cases)" if len(told) > 1 else ""
        yield f"{min(told, key=WORST_FIRST.index):8} {test}{cases}"


def run(arguments: Sequence[str]) -> tuple[Results, bool]:
    """(results, whether pytest was content)."""
    recorder = Recorder()
    code = pytest.main([str(TESTS), "-m", "feature", *arguments], plugins=[recorder])
    return recorder.results, code == pytest.ExitCode.OK


def recall() -> Results:
    """The results of the last run."""
    memory = Recall()
    pytest.main(["--collect-only", "-qq", str(Path(__file__))], plugins=[memory])
    return memory.results


def main(arguments: Sequence[str]) -> int:
    table = read_table(TABLE.read_text())
    wrong = contradictions(table, marked())
    if NO_RUN in arguments:
        results, content = recall(), True
    else:
        results, content = run(arguments)
    content = content and not any("failed" in told.values() for told in results.values())
    lines = [*(f"WRONG  {fault}" for fault in wrong), *render(table, results)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if content and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
