"""The documents of the project, taken apart for the tests: links, code, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / "clients").glob("*/*.md"),
    ]
)
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$", re.M | re.S
)
_INDENTED = re.compile(r"(?:(?<=\n\n)|(?<=\A))(?:(?: {4,}|\t)[^\n]*\n|\n(?= {4,}\S))+")
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; `info` is what follows the fence."""

    info: str
    code: str


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, language: str = "") -> list[Block]:
    """The fenced blocks of a language, without the indentation of a list around them."""
    found = (
        Block(one["info"], re.sub(rf"^{one['indent']}", "", one["code"], flags=re.M))
        for one in _FENCE.finditer(text)
    )
    return [block for block in found if block.info.startswith(language)]


def code(text: str) -> Iterator[str]:
    """Everything that is set as code: fenced, indented, or within a line."""
    for block in blocks(text):
        yield block.code
    prose = _FENCE.sub("", text)
    for indented in _INDENTED.finditer(prose):
        yield indented[0]
    yield from _SPAN.findall(prose)


def links(text: str) -> list[str]:
    """Targets of the relative links, outside of code."""
    prose = _SPAN.sub("", _FENCE.sub("", text))
    return [target for target in _LINK.findall(prose) if "://" not in target]


def expanded(path: str) -> list[str]:
    """`a/{b,c}.py` → `a/b.py`, `a/c.py`."""
    if (found := re.search(r"\{([^{}]+)\}", path)) is None:
        return [path]
    return [
        whole
        for part in found[1].split(",")
        for whole in expanded(path.replace(found[0], part.strip(), 1))
    ]
