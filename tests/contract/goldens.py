"""The golden examples: data as it was written to a log once, so it must stay readable for ever.

One file for each event type and version, `tests/golden/events/<type>.json`, with two examples:
`full` has every optional field, `minimal` has none. HASHES (the form of sha256sum) holds them
still.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import events.contracts  # noqa: F401 - registers every contract
from events.contracts.base import all_contracts

KINDS = ("full", "minimal")
EVERY_TYPE = sorted(all_contracts())


@dataclass(frozen=True)
class Goldens:
    """The examples in one folder."""

    folder: Path

    def path(self, wire_type: str) -> Path:
        return self.folder / f"{wire_type}.json"

    def types(self) -> list[str]:
        return sorted(path.name.removesuffix(".json") for path in self.folder.glob("*.json"))

    def load(self, wire_type: str) -> dict[str, Any]:
        """The two examples by kind."""
        examples: dict[str, Any] = json.loads(self.path(wire_type).read_text("utf-8"))
        return examples

    def examples(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every example with its wire type."""
        for wire_type in self.types():
            for data in self.load(wire_type).values():
                yield wire_type, data

    @property
    def ledger(self) -> Path:
        return self.folder / "HASHES"

    def recorded(self) -> dict[str, str]:
        """File name → hash, as HASHES says."""
        lines = self.ledger.read_text("utf-8").splitlines() if self.ledger.exists() else []
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}

    def actual(self) -> dict[str, str]:
        """File name → hash, as the files are."""
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.glob("*.json"))
        }

    def faults(self) -> list[str]:
        """Why the folder is not what HASHES says, one sentence each."""
        recorded, actual = self.recorded(), self.actual()
        changed = [name for name, digest in recorded.items() if actual.get(name) != digest]
        unrecorded = actual.keys() - recorded.keys()
        return [
            f"{name} changed or is gone. It shows what logs hold since it was published: "
            "put it back, and add a new version of the event with an upcaster."
            for name in changed
        ] + [
            f"{name} is not in HASHES: run `python -m tests.contract.make_goldens`."
            for name in sorted(unrecorded)
        ]


GOLDENS = Goldens(Path(__file__).parents[1] / "golden" / "events")
EVERY_EXAMPLE = [
    (wire_type, kind) for wire_type in GOLDENS.types() for kind in GOLDENS.load(wire_type)
]
