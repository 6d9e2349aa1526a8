"""What the client did and was told, one JSON line each, on disk before the next step.

A request is written down before it is sent and its answer before the client goes on, so whoever
kills the client loses at most a torn last line, and the checker knows all that was acknowledged.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A command's acknowledgement: the events that it names end at `version` of `stream`."""

    key: str
    service: str
    stream: str
    version: int
    events: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.stream.split("-", 1)[1]

    @property
    def token(self) -> str:
        return f"{self.stream}@{self.version}"

    def placed(self) -> Iterator[tuple[int, str]]:
        """(version, event id) of each event."""
        yield from enumerate(self.events, start=self.version - len(self.events) + 1)


@dataclass(slots=True)
class Ledger:
    """A journal read back."""

    services: dict[str, str] = field(default_factory=dict)
    """The service that each request went to, by key."""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """Acknowledgements by key: a request that is sent again is answered again."""
    refused: dict[str, int] = field(default_factory=dict)
    """Status of each final refusal, by key."""
    broken_reads: list[str] = field(default_factory=list)
    reads: int = 0
    stale_reads: int = 0

    @property
    def unanswered(self) -> list[str]:
        """Keys of requests that may or may not have taken effect."""
        known = self.answers.keys() | self.refused.keys()
        return [key for key in self.services if key not in known]

    @property
    def acknowledged(self) -> list[Answer]:
        return [one for answers in self.answers.values() for one in answers]


class Journal:
    """Shared by the client's threads. `durable` survives also the machine, not only the process."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        self._lock = threading.Lock()
        self._file = path.open("ab")

    def write(self, what: str, **facts: Any) -> None:
        line = json.dumps({"what": what, **facts}).encode() + b"\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()
            if self._durable:
                os.fsync(self._file.fileno())

    def answered(self, one: Answer) -> None:
        facts = {name: getattr(one, name) for name in Answer.__slots__}
        self.write("answered", **facts)

    def close(self) -> None:
        self._file.close()


def read(*paths: Path) -> Ledger:
    """All journals as one. A torn last line is one that its writer did not act upon."""
    ledger = Ledger()
    for path in paths:
        for line in path.read_bytes().split(b"\n")[:-1]:
            _enter(ledger, json.loads(line))
    return ledger


def _enter(ledger: Ledger, line: Mapping[str, Any]) -> None:
    what, key = line["what"], line.get("key", "")
    if what == "sent":
        ledger.services[key] = line["service"]
    elif what == "answered":
        ledger.answers.setdefault(key, []).append(_answer(line))
    elif what == "refused":
        ledger.refused[key] = line["status"]
    elif what == "read":
        ledger.reads += 1
        ledger.stale_reads += line["stale"]
        ledger.broken_reads.extend(_broken(line))


def _answer(line: Mapping[str, Any]) -> Answer:
    return Answer(
        line["key"], line["service"], line["stream"], line["version"], tuple(line["events"])
    )


def _broken(line: Mapping[str, Any]) -> Sequence[str]:
    return [line["broken"]] if line["broken"] else []
