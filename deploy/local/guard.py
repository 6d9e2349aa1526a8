"""Ends the processes of a folder when whoever asked for it is gone, however it went.

`python -m deploy.local.guard FOLDER` reads its standard input until the end. Its parent holds the
other end of the pipe and never writes: the kernel closes it even when the parent is killed. Test
runs use it so that a killed run leaves neither servers nor data behind.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from deploy.local import processes

GRACE_SECONDS = 5.0


def watch(folder: Path) -> subprocess.Popen[bytes]:
    """Starts a guard for `folder`; closing its `stdin` (or dying) sets it to work."""
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.local.guard", str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def main(folder: Path) -> None:
    """Waits for the end of standard input, then clears up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    processes.end_owned_by(folder, GRACE_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
