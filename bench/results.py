"""The form of what is measured: measures hold figures, a figure holds itself to two targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.place import Place


@dataclass(frozen=True, slots=True)
class Target:
    """What the judged value is to reach: `now`, and later `goal`."""

    now: float
    goal: float
    at_most: bool = False

    def met(self, value: float) -> tuple[bool, bool]:
        """(now, goal)."""
        if self.at_most:
            return value <= self.now, value <= self.goal
        return value >= self.now, value >= self.goal


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    `ours` and `baseline` are medians over the rounds, in `unit`. `ratio` is the median of the
    rounds' ratios and `spread` their least and greatest. Without a baseline `ours` is judged.
    """

    name: str
    unit: str
    ours: float
    target: Target | None = None
    baseline: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None

    @property
    def judged(self) -> float:
        return self.ours if self.ratio is None else self.ratio

    @property
    def met(self) -> tuple[bool, bool] | None:
        return self.target.met(self.judged) if self.target else None

    def to_data(self) -> dict[str, Any]:
        met = self.met
        return {**asdict(self), "met_now": met and met[0], "met_goal": met and met[1]}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Figure:
        shape = {name: data[name] for name in cls.__slots__}
        target = Target(**data["target"]) if data["target"] else None
        spread = tuple(data["spread"]) if data["spread"] else None
        return cls(**{**shape, "target": target, "spread": spread})


@dataclass(frozen=True, slots=True)
class Rounds:
    """The same figure of both sides, round by round."""

    ours: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)

    def add(self, ours: float, baseline: float) -> None:
        self.ours.append(ours)
        self.baseline.append(baseline)

    def figure(
        self, name: str, unit: str, target: Target | None = None, *, less_is_better: bool = False
    ) -> Figure:
        """The ratio is ours / baseline. `less_is_better` turns it round: 1 means as good as."""
        pairs = zip(self.ours, self.baseline, strict=True)
        ratios = [theirs / own if less_is_better else own / theirs for own, theirs in pairs]
        return Figure(
            name=name,
            unit=unit,
            ours=median(self.ours),
            target=target,
            baseline=median(self.baseline),
            ratio=median(ratios),
            spread=(min(ratios), max(ratios)),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a measure found; `notes` are sentences for the page."""

    figures: Sequence[Figure]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """`what` says what is measured and against what, for whoever doubts a figure.

    `take(place, quick)` measures; `profile(place, file)` runs the platform's side once under the
    profiler and leaves its statistics in the file.
    """

    name: str
    title: str
    what: str
    take: Callable[[Place, bool], Outcome]
    profile: Callable[[Place, Path], None] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A measure's outcome, or why there is none, with how busy the machine was."""

    name: str
    at: str
    seconds: float
    load_average: tuple[float, float]
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()
    failure: str | None = None

    @property
    def short(self) -> bool:
        """Whether a figure misses what is to be reached now."""
        return any(figure.met is not None and not figure.met[0] for figure in self.figures)

    def to_data(self) -> dict[str, Any]:
        return {**asdict(self), "figures": [figure.to_data() for figure in self.figures]}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Taken:
        figures = [Figure.of(one) for one in data["figures"]]
        return cls(**{**data, "figures": figures, "load_average": tuple(data["load_average"])})
