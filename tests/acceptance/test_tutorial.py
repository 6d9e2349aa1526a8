"""The commands of tutorial, README and a guide work as they are printed, on a running system.

Blocks marked `sh run-in-docs` run in one shell, in their order, with $GATEWAY, $AS
and $ADMIN set. One with `until "words"` is repeated until its output holds the words, as its
reader would repeat it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.docs.pages import Block, blocks, text_of

if TYPE_CHECKING:
    from tests.acceptance.system import System

SERVICES = ("marketing", "sales", "service", "analytics")
BOUND_SECONDS = 30
_UNTIL = re.compile(r'until "(.+)"')


def script(page: str) -> str:
    """All marked blocks of a page as one script that stops at the first failure."""
    marked = [one for one in blocks(text_of(page), "sh") if "run-in-docs" in one.info]
    assert marked, f"{page} marks no block"
    return "\n".join(["set -euo pipefail", *map(_shell, marked)])


def _shell(block: Block) -> str:
    if (words := _UNTIL.search(block.info)) is None:
        return block.code
    return (
        f"for TRY in $(seq {BOUND_SECONDS * 5}); do\n{{ {block.code}}} > found.txt\n"
        f"grep -q {shlex.quote(words[1])} found.txt && break\nsleep 0.2\ndone\n"
        f"cat found.txt\ngrep -q {shlex.quote(words[1])} found.txt"
    )


def run(page: str, system: System, folder: Path) -> str:
    """What the script prints."""
    ended = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=folder,
        env={
            **os.environ,
            "GATEWAY": system.endpoints.gateway,
            "AS": f"Authorization: {system.passes.of('dora')}",
            "ADMIN": f"Authorization: {system.passes.of('ada')}",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_tutorial_keeps_its_word(system: System, tmp_path: Path) -> None:
    printed = run("docs/tutorial/your-first-event.md", system, tmp_path)
    answer = (tmp_path / "answer.txt").read_text()
    assert answer.startswith("HTTP/1.1 201")
    customer = json.loads(answer.splitlines()[-1])["id"]
    for service in SERVICES:
        timeline = (tmp_path / f"{service}.txt").read_text()
        assert "Consistency: current" in timeline
        assert customer in timeline
    digests = (tmp_path / "digests.txt").read_text().split()
    assert len({json.loads(one)["digest"] for one in digests}) == 1
    assert '"status":"assigned"' in printed
    assigned, qualified = json.loads((tmp_path / "story.txt").read_text())["items"][:2]
    assert assigned["type"] == "crm.sales.pool.lead_assigned.v1"
    assert assigned["actor"] == "reaction:deal-lead"
    assert assigned["causation_id"] == qualified["event_id"]
    assert assigned["correlation_id"] == qualified["correlation_id"]
    assert {"candidates", "decision"} <= assigned["data"].keys()


def test_the_readme_keeps_its_word(system: System, tmp_path: Path) -> None:
    printed = run("README.md", system, tmp_path)
    assert printed.count("HTTP/1.1 201") == 3
    assert '"parts"' in printed


def test_the_guide_to_causes_keeps_its_word(system: System, tmp_path: Path) -> None:
    printed = run("docs/guides/ask-why.md", system, tmp_path)
    assert "flowchart LR" in printed
    assert "crm.sales.pool.lead_assigned.v1" in printed


def test_the_ten_minutes_keep_their_word(system: System, tmp_path: Path) -> None:
    printed = run("docs/guides/integrate-in-ten-minutes.md", system, tmp_path)
    assert '"specversion":"1.0"' in printed
    assert "retry: " in printed
    assert "crm.marketing.customer.registered.v1" in printed
    assert "asyncapi: 3" in printed


def test_the_guide_to_own_types_keeps_its_word(system: System, tmp_path: Path) -> None:
    printed = run("docs/guides/add-your-own-types.md", system, tmp_path)
    assert '"/data/rooms"' in printed
    assert "incompatible-schema" in printed
    assert '"values":{"house_rooms":3}' in printed


def test_the_guide_to_the_own_area_keeps_its_word(system: System, tmp_path: Path) -> None:
    printed = run("docs/guides/show-customers-their-area.md", system, tmp_path)
    assert '"happened":[]' in printed
    assert printed.endswith("404\n")


PRINTED = [
    "README.md",
    "docs/tutorial/your-first-event.md",
    "docs/guides/ask-why.md",
    "docs/guides/add-your-own-types.md",
    "docs/guides/show-customers-their-area.md",
]


@pytest.mark.parametrize("page", PRINTED)
def test_a_page_that_fails_is_seen(page: str, tmp_path: Path) -> None:
    """A script that ended well without a gateway would prove nothing."""
    ended = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=tmp_path,
        env={**os.environ, "GATEWAY": "http://127.0.0.1:9", "AS": "X: y", "ADMIN": "X: y"},
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode != 0
