"""The sample receiver of the guide: what is genuine is kept once, everything else is refused."""

from __future__ import annotations

import base64
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from standardwebhooks import Webhook

from deploy.local.ports import pick
from tests.unit.docs.pages import ROOT, blocks, text_of

SAMPLE = "docs/guides/samples/receive.py"
SECRET, OTHER = (
    "whsec_" + base64.b64encode(text).decode() for text in (b"a secret of 24 bytes ...", b"x" * 24)
)
BOUND_SECONDS = 30


@dataclass
class Sample:
    """The sample at work."""

    port: int
    file: Path

    def send(self, id: str, body: str = "{}", secret: str = SECRET) -> int:
        now = datetime.now(UTC)
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, now, body),
        }
        return requests.post(
            f"http://127.0.0.1:{self.port}/", body.encode(), headers=headers, timeout=30
        ).status_code

    def kept(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.file)) as db:
            return list(db.execute("select * from events order by rowid"))


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    found = Sample(pick(), tmp_path / "events.db")
    process = subprocess.Popen(
        [sys.executable, ROOT / SAMPLE, str(found.port), found.file],
        env={
            **os.environ,
            "SECRETS": f"{SECRET} {OTHER}",
            "PYTHONPATH": str(ROOT / "clients/python/src"),
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(found.port)
        yield found
    finally:
        process.kill()
        process.wait()


def _await(port: int) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)
        except requests.ConnectionError:
            assert time.monotonic() < deadline
        else:
            return


def test_each_message_is_kept_once_and_answered_each_time(sample: Sample) -> None:
    body = '{"type": "crm.sales.order.placed.v1", "data": {"name": "Zoë"}}'
    assert [sample.send("m-1", body), sample.send("m-1", body)] == [204, 204]
    assert sample.send("m-2", secret=OTHER) == 204
    assert sample.kept() == [("m-1", body), ("m-2", "{}")]


def test_what_is_not_genuine_is_not_kept(sample: Sample) -> None:
    stranger = "whsec_" + base64.b64encode(b"y" * 24).decode()
    assert sample.send("m-1", secret=stranger) == 401
    nobody = requests.post(f"http://127.0.0.1:{sample.port}/", b"{}", timeout=30)
    assert nobody.status_code == 401
    assert sample.kept() == []


def test_the_guide_shows_the_sample_as_it_is() -> None:
    (shown,) = blocks(text_of("docs/guides/receive-webhooks.md"), "python")
    assert shown.code in text_of(SAMPLE)
