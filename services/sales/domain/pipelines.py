"""The pipelines as versioned data: stages in order, and what must be shown to leave each.

An opportunity runs to its end on the version it was opened with, so a published version is never
changed: add the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """`exit_criteria` are the codes that evidence must name before the next stage begins."""

    name: str
    exit_criteria: tuple[str, ...] = ()

    def unmet(self, shown: Iterable[str]) -> tuple[str, ...]:
        met = set(shown)
        return tuple(criterion for criterion in self.exit_criteria if criterion not in met)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Won only from the last stage, lost from any."""

    name: str
    version: int
    stages: tuple[Stage, ...]

    def stage(self, name: str) -> Stage:
        """Raises KeyError when the pipeline has no such stage."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def after(self, name: str) -> Stage | None:
        """The stage that follows, None after the last."""
        place = self.stages.index(self.stage(name)) + 1
        return self.stages[place] if place < len(self.stages) else None


STANDARD_1 = Pipeline("standard", 1, (Stage("qualify"), Stage("propose"), Stage("negotiate")))

PROJECT_1 = Pipeline(
    "project",
    1,
    (
        Stage("contact", ("need_documented", "sponsor_named")),
        Stage("solution_design", ("design_accepted",)),
        Stage("solution_proof", ("proof_passed",)),
        Stage("tender"),
    ),
)
"""Project sales: "20 % done" says nothing, so each stage ends with something one can show."""

PIPELINES = {(one.name, one.version): one for one in (STANDARD_1, PROJECT_1)}


def current(name: str) -> Pipeline | None:
    """The newest version of a pipeline, None when there is no such pipeline."""
    versions = [one for one in PIPELINES.values() if one.name == name]
    return max(versions, key=lambda one: one.version, default=None)
