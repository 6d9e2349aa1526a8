"""bench/results.json, and docs/reference/performance.md made from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measures import MEASURES
from bench.profiling import LINES, Profile, saved
from bench.results import Figure, Measure, Taken
from bench.words import met_word, number, ratio_words, spread_words, target_words

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "reference" / "performance.md"

INTRODUCTION = """\
# Performance

Made by `make bench` from bench/results.json; change neither by hand. The platform and an honest
minimal program (bench/programs) take turns on the same machine, in several rounds; the ratio is the
median of the rounds' ratios, the spread their least and greatest. A ratio is written so that more
is better, except where the target says ≤. "yes" is what is to be reached now, "goal" the final one.
"""


def save(machine: Mapping[str, Any], versions: Mapping[str, str], taken: Sequence[Taken]) -> None:
    """Writes both. Measures that were not taken this time keep what they had."""
    kept = {one.name: one for one in read()}
    kept.update((one.name, one) for one in taken)
    measures = [kept[measure.name] for measure in MEASURES if measure.name in kept]
    data = {
        "machine": machine,
        "versions": versions,
        "measures": [one.to_data() for one in measures],
    }
    RESULTS.write_text(json.dumps(data, indent=1) + "\n")
    render()


def read() -> list[Taken]:
    if not RESULTS.exists():
        return []
    return [Taken.of(one) for one in json.loads(RESULTS.read_text())["measures"]]


def render() -> None:
    """Writes the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(from_file())


def from_file() -> str:
    """The page that belongs to bench/results.json."""
    data = json.loads(RESULTS.read_text())
    return page(data["machine"], data["versions"], read())


def page(machine: Mapping[str, Any], versions: Mapping[str, str], taken: Sequence[Taken]) -> str:
    by_name = {one.name: one for one in taken}
    found = [(one, by_name[one.name]) for one in MEASURES if one.name in by_name]
    parts = [
        INTRODUCTION,
        _conditions(machine, versions),
        "\n".join(_overview(found)) + "\n",
        *("\n".join(_section(measure, one)) + "\n" for measure, one in found),
    ]
    return "\n".join(parts)


def _conditions(machine: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    software = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['kernel']}. {software}. MongoDB and Kafka, one node each, run on the same "
        "cores as what is measured.\n"
    )


def _overview(found: Iterable[tuple[Measure, Taken]]) -> Iterator[str]:
    yield "| measure | figure | ours | baseline | ratio | spread | now (goal) | met |"
    yield "|---|---|---|---|---|---|---|---|"
    for measure, one in found:
        if one.failure:
            yield f"| {measure.title} | not available | | | | | | |"
        for figure in one.figures:
            yield f"| {measure.title} | {' | '.join(_cells(figure))} |"


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


def _section(measure: Measure, one: Taken) -> Iterator[str]:
    yield f"## {measure.title}\n"
    yield f"{measure.what}\n"
    if one.failure:
        yield "Not available in this run.\n"
    if one.notes:
        yield " ".join(one.notes) + "\n"
    before, after = one.load_average
    yield f"Taken {one.at} in {one.seconds:.0f} s; load average {before} before, {after} after."
    profile = saved(measure.name)
    if one.short and profile:
        yield ""
        yield from _where_the_time_goes(measure, profile)


def _where_the_time_goes(measure: Measure, profile: Profile) -> Iterator[str]:
    yield (
        f"It falls short. Where the time goes (`python -m bench --profile {measure.name}`; "
        f"{LINES} functions with the most time of their own, of {profile.seconds:.1f} s of "
        "processor time in the working thread, the profiler's own cost included):\n"
    )
    yield "| function | own | with calls | calls |"
    yield "|---|---|---|---|"
    for line in profile.lines:
        function = line.function.replace("|", "\\|")
        yield f"| `{function}` | {line.own:.1%} | {line.total:.1%} | {line.calls:,} |"
