"""Where the time goes: a profile as twenty lines that mean the same on every machine.

Kept under bench/profiles/, one file a measure, and shown on the page where a figure falls short.
Times are of the processor, in the thread that does the work: waiting, for MongoDB or for
acknowledgements, is not in it, nor are the Kafka client's own threads. The profiler itself slows
Python down, code of many small calls most: shares are a pointer.
"""

from __future__ import annotations

import json
import pstats
import re
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "profiles"
ROOT = Path(__file__).resolve().parents[1]
LINES = 20

_Function = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One function; `own` and `total` are shares of the whole time, `total` with what it calls."""

    function: str
    own: float
    total: float
    calls: int


@dataclass(frozen=True, slots=True)
class Profile:
    """`seconds` is all that was profiled."""

    seconds: float
    lines: list[Line]


def read(file: Path) -> Profile:
    """The statistics of cProfile, by own time."""
    stats = pstats.Stats(str(file))
    timings: dict[_Function, tuple[int, int, float, float, object]] = vars(stats)["stats"]
    seconds: float = vars(stats)["total_tt"]
    ordered = sorted(timings.items(), key=lambda one: one[1][2], reverse=True)
    lines = [
        Line(_named(function), own / seconds, total / seconds, calls)
        for function, (_, calls, own, total, _) in ordered[:LINES]
    ]
    return Profile(seconds, lines)


def save(name: str, profile: Profile) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(asdict(profile), indent=1) + "\n")


def saved(name: str) -> Profile | None:
    file = FOLDER / f"{name}.json"
    if not file.exists():
        return None
    data = json.loads(file.read_text())
    return Profile(data["seconds"], [Line(**line) for line in data["lines"]])


def _named(function: _Function) -> str:
    """`events/envelope.py decode`: no machine's folders, no addresses in memory."""
    path, _, name = function
    name = re.sub(r" at 0x[0-9a-f]+", "", name)
    if path.startswith("~"):
        return name.strip("<>")
    return f"{_short(Path(path))} {name}"


def _short(path: Path) -> str:
    """Inside the project from its root, inside a package from there, else the last part."""
    parts = path.parts
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT))
    return path.name
