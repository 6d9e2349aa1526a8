"""One Keycloak, one gateway process that believes it, one service behind the gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from deploy.local.directory import tell_directory
from deploy.local.keys import PRIVATE, ensure_keys
from deploy.local.processes import end_owned_by
from events.config import load_config
from events.types import new_id
from gateway.platform.domain.directory import ActivateUser
from tests.integration.gateway.little import LittleService, end, free_port, until
from tests.oidc.keycloak import Admin, KeycloakServer
from tests.oidc.realm import BRIEF, GATEWAY, MACHINE, SECRET, SIGNED, Realm, a_realm
from tests.oidc.visitor import SECONDS, Visitor
from tests.parts import Parts

KNOWN = ("sam", MACHINE, BRIEF, *SIGNED)
"""Who is in the directory; the others Keycloak alone knows."""


@dataclass
class Stage:
    """`url` is the gateway's; `sales` is behind it and answers with what it was asked."""

    keycloak: KeycloakServer
    realm: Realm
    url: str
    sales: LittleService

    def visitor(self) -> Visitor:
        return Visitor(self.url)

    def ask(self, token: str) -> requests.Response:
        """A read with a token; the answer comes from the service behind the gateway."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}/v1/sales/orders", headers=headers, timeout=SECONDS)

    def judge(self, token: str) -> str:
        """ "in", or the code of the refusal."""
        answer = self.ask(token)
        if answer.status_code == 200:
            return "in"
        kind: str = answer.json()["type"]
        return kind.rpartition(":")[2]


@pytest.fixture(scope="session")
def keycloak(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeycloakServer]:
    folder = parts.home.folder / "keycloak"
    server = KeycloakServer(folder)
    server.start()
    yield server
    server.stop()
    end_owned_by(folder)


@pytest.fixture(scope="session")
def stage(
    keycloak: KeycloakServer, mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    realm = a_realm(Admin(keycloak.address), url)
    sales = LittleService()
    keys = tmp_path_factory.mktemp("keys")
    ensure_keys(keys)
    variables = {
        "MONGODB_URI": mongodb_uri,
        "THROUGHLINE_DATABASE_PREFIX": f"oidc_{new_id()[-12:]}_",
        "THROUGHLINE_ACCESS_KEY": str(keys / PRIVATE),
        "THROUGHLINE_PORT": str(port),
        "THROUGHLINE_UPSTREAMS": f"sales={sales.url}",
        "THROUGHLINE_ISSUER": realm.issuer,
        "THROUGHLINE_CLIENT_ID": GATEWAY,
        "THROUGHLINE_CLIENT_SECRET": SECRET,
    }
    let_in = [
        ActivateUser(name, realm.subjects[name], "machine", "root", None, ("director",))
        for name in KNOWN
    ]
    tell_directory(load_config(variables), let_in)
    with _gateway(variables, keys / "gateway.log"):
        until(lambda: _answers(url))
        yield Stage(keycloak, realm, url, sales)
    sales.close()


@contextmanager
def _gateway(variables: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway"],
            env={**os.environ, **variables},
            stderr=out,
            start_new_session=True,
        )
    try:
        yield
    finally:
        end(process)


def _answers(url: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"{url}/livez", timeout=SECONDS).status_code == 200
    return False
