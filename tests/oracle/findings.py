"""What the checker can say against a system, by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "lost",  # acknowledged or stored, and not everywhere where it must be
    "doubled",  # one request or one event took effect twice
    "misordered",  # a stream's events are not 1, 2, 3 … where order is promised
    "phantom",  # told, but never stored, or told otherwise than stored
    "diverging",  # two things that must be equal are not
    "checkpoint",  # a position that the log does not have
    "relay",  # published heads that are not the stored ones
    "reaction",  # fired twice, or never
    "read",  # a fresh read did not show the write
    "stuck",  # it never came to rest
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Finding:
    """`where` is a place (a topic, a timeline, a view), `what` names the event or document."""

    kind: Kind
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.what}"


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each kind, all kinds named."""
    seen = Counter(finding.kind for finding in findings)
    return {kind: seen[kind] for kind in KINDS}


def told(findings: Iterable[Finding], most: int = 20) -> str:
    """The first ones of each kind, for a person."""
    lines, shown = [], Counter[str]()
    for finding in findings:
        shown[finding.kind] += 1
        if shown[finding.kind] <= most:
            lines.append(str(finding))
    return "\n".join(lines)
