"""What a run of faults came to, as a table for people and as JSON."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Summary:
    """One scenario. `findings` by kind, all of them 0 when nothing is wrong."""

    scenario: str
    seed: int
    seconds: float
    commands: int
    acknowledged: int
    refused: int
    unanswered: int
    reads: int
    stale_reads: int
    deaths: int
    faults: Mapping[str, int]
    events: int
    sent_again: int
    early: int
    findings: Mapping[str, int]

    def table(self) -> str:
        """Name and figure, one a line."""
        rows = [
            (name.replace("_", " "), value)
            for name, value in asdict(self).items()
            if not isinstance(value, dict)
        ]
        rows += [(f"fault: {name}", times) for name, times in sorted(self.faults.items())]
        rows += [(f"finding: {kind}", times) for kind, times in self.findings.items()]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)


def report_file() -> Path:
    """Where the summaries of this machine's last run are."""
    return Path(tempfile.gettempdir()) / "throughline-faults.json"


def save(summaries: list[Summary]) -> Path:
    file = report_file()
    file.write_text(json.dumps([asdict(one) for one in summaries], indent=2) + "\n")
    return file
