"""The Node sample of the guide, on a feed that breaks in every way, and killed in between."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clients.feed import Feed, away, event
from tests.clients.node import NODE, ROOT
from tests.clients.serving import Served, problem, served

SAMPLE = ROOT / "docs/guides/samples/follow.mjs"
BOUND_SECONDS = 30


class Copy:
    """The sample at work on one file."""

    def __init__(self, server: Served, file: Path, *types: str) -> None:
        self.file = file
        self.process = subprocess.Popen(
            [NODE, SAMPLE, server.url, file, "a-token", *types], stderr=subprocess.PIPE, text=True
        )

    def numbers(self) -> list[int]:
        text = self.file.read_text("utf-8") if self.file.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        return [json.loads(line)["event"]["data"]["number"] for line in whole.split("\n")[:-1]]

    def until(self, condition: Callable[[list[int]], bool]) -> list[int]:
        deadline = time.monotonic() + BOUND_SECONDS
        while not condition(self.numbers()):
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, self.numbers()
            time.sleep(0.02)
        return self.numbers()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def copying(server: Served, file: Path, *types: str) -> Iterator[Copy]:
    copy = Copy(server, file, *types)
    try:
        yield copy
    finally:
        copy.kill()


def test_each_event_is_copied_once_and_in_order(tmp_path: Path) -> None:
    feed = Feed(20)
    feed.log[5:5] = [event(3), event(4)]
    feed.cuts = [0, 4, 1, None, 0]
    feed.replies = away()
    file = tmp_path / "events.jsonl"
    with served(feed) as server:
        with copying(server, file) as copy:
            assert copy.until(lambda found: len(found) >= 20) == list(range(20))
        with file.open("a") as torn:
            torn.write('{"cursor": "23", "event": {"id"')
        feed.grow(event(7), event(20), event(21))
        with copying(server, file) as copy:
            assert copy.until(lambda found: 21 in found) == list(range(22))
        headers = {name.lower(): value for name, value in server.asked[-1].headers.items()}
        assert headers["authorization"] == "Bearer a-token"


def test_only_the_types_asked_for(tmp_path: Path) -> None:
    with (
        served(Feed(9)) as server,
        copying(server, tmp_path / "events.jsonl", "crm.service.*") as copy,
    ):
        assert copy.until(lambda found: 8 in found) == [2, 5, 8]


@pytest.mark.parametrize(("status", "code"), [(401, "not-signed-in"), (410, "gone")])
def test_what_no_waiting_helps_ends_it(tmp_path: Path, status: int, code: str) -> None:
    with served(lambda _: problem(status, code)) as server:
        copy = Copy(server, tmp_path / "events.jsonl")
        _, err = copy.process.communicate(timeout=BOUND_SECONDS)
    assert copy.process.returncode != 0
    assert code in err
