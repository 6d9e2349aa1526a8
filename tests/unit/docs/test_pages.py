"""What the documents say is there: links, files, tests, commands, variables, metrics."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from deploy.cli import reference
from deploy.cli.main import cli
from tests.unit.docs.pages import NAMES, PAGES, ROOT, blocks, code, expanded, links, text_of

SOURCES = ("events", "services", "gateway", "deploy", "tests", "bench", "clients/python")
MADE_BY_RUNNING = {"bench/results.json"}
WORD = re.compile(r"[a-z][a-z-]+")
COMMAND = r"(?:^|[\s(`])(?<!from )throughline ((?:[a-z-]+ ?)[^\n|)`]*)"
"""A line of the command `throughline`; `from throughline import` is the client's Python."""
every_page = pytest.mark.parametrize("page", NAMES)


def test_there_are_pages() -> None:
    assert {"README.md", "docs/tutorial/your-first-event.md"} <= set(NAMES)


@pytest.mark.parametrize(
    "path", [path for path, _ in reference.pages()], ids=lambda path: path.name
)
def test_generated_pages_are_current(path: Path) -> None:
    assert path.read_text("utf-8") == dict(reference.pages())[path], f"run {reference.COMMAND}"


def test_a_stale_page_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    monkeypatch.setattr(reference, "REFERENCE", tmp_path)
    assert reference.main(["--check"]) == 1
    assert "metrics.md differs" in capsys.readouterr().out
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    (tmp_path / "metrics.md").write_text("old")
    assert reference.main(["--check"]) == 1


@every_page
def test_links_lead_somewhere(page: str) -> None:
    text = text_of(page)
    for target in links(text):
        name, _, anchor = target.partition("#")
        there = (ROOT / page).parent / name if name else ROOT / page
        assert there.exists(), f"{page}: {target}"
        assert not anchor or anchor in anchors(there.read_text("utf-8")), f"{page}: {target}"


def anchors(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@every_page
def test_files_that_are_named_exist(page: str) -> None:
    for path in named_paths(text_of(page)):
        assert path in MADE_BY_RUNNING or list(ROOT.glob(path)), f"{page} names {path}"


def named_paths(text: str) -> Iterator[str]:
    """Paths below our folders, as globs; `<name>` stands for any."""
    for piece in code(text):
        for found in re.findall(
            r"(?<![\w/.-])((?:events|services|gateway|deploy|tests|bench|docs|clients|"
            r"requirements)/[\w/.{},<>*-]+)",
            piece,
        ):
            for path in expanded(found.rstrip(".,")):
                yield re.sub(r"<[^>]+>", "*", path).rstrip("/")


@every_page
def test_tests_that_are_named_exist(page: str) -> None:
    for path, name in re.findall(r"(tests/[\w/]+\.py)::(\w+)", text_of(page)):
        assert name in functions(ROOT / path), f"{page} names {path}::{name}"


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


@every_page
def test_make_targets_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))
    for piece in code(text_of(page)):
        for target in re.findall(r"(?:^|[\s`])make ([a-z-]+)", piece):
            assert target in targets, f"{page} names make {target}"


@every_page
def test_commands_exist_with_their_options(page: str) -> None:
    for piece in code(text_of(page)):
        for line in re.findall(COMMAND, piece, re.M):
            check_command(line.split("#")[0].split(), f"{page}: throughline {line}")


def check_command(words: list[str], where: str) -> None:
    """Follows the words down the tree of commands, then looks for each option."""
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and WORD.fullmatch(rest[0]):
        found = command.get_command(click.Context(command), rest.pop(0))
        assert found is not None, where
        command = found
    known = {name for param in command.params for name in param.opts} | {"--help"}
    assert {word for word in rest if re.fullmatch(r"--[a-z-]+", word)} <= known, where


@every_page
def test_modules_that_are_run_exist(page: str) -> None:
    for piece in code(text_of(page)):
        for module in re.findall(r"python -m ([\w.]+)(?![\w.<])", piece):
            assert importlib.util.find_spec(module), f"{page} names python -m {module}"


@every_page
def test_variables_are_read_somewhere(page: str) -> None:
    for variable in re.findall(r"THROUGHLINE_[A-Z_]*[A-Z]", text_of(page)):
        assert variable in sources(), f"{page} names {variable}"


@cache
def sources() -> str:
    files = (path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))
    return "\n".join(path.read_text("utf-8") for path in files)


@every_page
def test_metrics_are_measured(page: str) -> None:
    known = set(re.findall(r"`(throughline_\w+)`", text_of("docs/reference/metrics.md")))
    for piece in code(text_of(page)):
        for metric in re.findall(r"throughline_(?:worker|http|gateway)_\w+", piece):
            assert metric.removesuffix("_total") in known, f"{page} names {metric}"


@every_page
def test_python_can_be_read(page: str) -> None:
    for block in blocks(text_of(page), "python"):
        ast.parse(block.code)


@every_page
def test_shell_can_be_read(page: str) -> None:
    for block in blocks(text_of(page), "sh"):
        ended = subprocess.run(["bash", "-n"], input=block.code, text=True, capture_output=True)
        assert ended.returncode == 0, f"{page}: {ended.stderr}"


def test_the_guide_shows_the_sample_as_it_is() -> None:
    sample = text_of("docs/guides/samples/consume.py")
    [shown] = blocks(text_of("docs/guides/subscribe-to-events.md"), "python")
    assert shown.code in sample


@pytest.mark.parametrize("page", [name for name in NAMES if name.startswith("docs/adr/0")])
def test_a_decision_is_short_complete_and_listed(page: str) -> None:
    text = text_of(page)
    assert len(text.splitlines()) <= 80
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert headings == ["Context", "Decision", "Rejected", "Consequences", "Proven by"]
    assert Path(page).name in links(text_of("docs/adr/README.md"))


@pytest.mark.parametrize("page", [name for name in NAMES if name.startswith("docs/runbooks/")])
def test_a_runbook_begins_with_what_holds_and_ends_with_when_it_is_over(page: str) -> None:
    text = text_of(page)
    order = ["**What holds.**", "**The danger.**", "## Signs", "## Steps", "## Over when"]
    places = [text.find(one) for one in order]
    assert -1 not in places
    assert places[:2] == sorted(places)[:2]
    assert places[4] == max(places)


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            targets = (one.partition("#")[0] for one in links(page.read_text("utf-8")))
            waiting += [(page.parent / one).resolve() for one in targets if one]
    assert {page for page in PAGES if "docs" in page.parts} <= reached


def test_the_changelog_has_one_line_an_entry() -> None:
    text = text_of("CHANGELOG.md")
    assert re.search(r"^## \[Unreleased\]$", text, re.M)
    body = text.partition("## [Unreleased]")[2]
    for line in filter(None, body.splitlines()):
        assert re.match(r"(## \[|### (Added|Changed|Deprecated|Removed|Fixed|Security)$|- )", line)
