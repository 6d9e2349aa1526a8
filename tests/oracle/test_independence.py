"""The oracle shares no code with what it judges: loading it loads nothing of the project but it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
JUDGED = ("events", "services", "gateway", "deploy", "bench")

LOAD_AND_LIST = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"tests.oracle.{name}")
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_the_oracle_shares_no_code_with_the_engine() -> None:
    own = [file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith(("test_", "__"))]
    assert {"checker", "client", "load", "journal"} <= set(own)
    outcome = subprocess.run(
        [sys.executable, "-c", LOAD_AND_LIST, *own],
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER.parent.parent,
    )
    assert not set(outcome.stdout.split()) & set(JUDGED)
