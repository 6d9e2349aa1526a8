"""The table on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Column, Table

from bench.measures import MEASURES
from bench.profiling import Profile
from bench.results import Figure, Taken
from bench.words import met_word, number, ratio_words, spread_words, target_words

COLUMNS = ("measure", "figure", "ours", "baseline", "ratio", "spread", "now (goal)", "met")


def show(taken: Sequence[Taken], console: Console) -> None:
    table = Table(*(Column(name, no_wrap=name != "figure") for name in COLUMNS))
    titles = {measure.name: measure.title for measure in MEASURES}
    for one in taken:
        title = titles[one.name]
        if one.failure:
            table.add_row(title, f"not available: {one.failure}", end_section=True)
        for figure in one.figures:
            table.add_row(title, *_cells(figure), end_section=figure is one.figures[-1])
            title = ""
    console.print(table)


def _cells(figure: Figure) -> Sequence[str]:
    baseline = "" if figure.baseline is None else f"{number(figure.baseline)} {figure.unit}"
    return (
        figure.name,
        f"{number(figure.ours)} {figure.unit}",
        baseline,
        ratio_words(figure),
        spread_words(figure),
        target_words(figure.target),
        met_word(figure),
    )


def show_profile(name: str, profile: Profile, console: Console) -> None:
    table = Table("function", "own", "with calls", "calls", title=f"{name}: where the time goes")
    for line in profile.lines:
        table.add_row(line.function, f"{line.own:.1%}", f"{line.total:.1%}", f"{line.calls:,}")
    console.print(table)
