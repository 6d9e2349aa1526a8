"""Signing in at the gateway as it runs: through its edge, to a service behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.directory import tell_directory, with_every_role
from events.config import load_config
from tests.integration.gateway.conftest import Stage
from tests.integration.gateway.little import HOUSEHOLDS, until
from tests.integration.signin.door import Visitor

PATH = "/v1/sales/orders"


@pytest.fixture
def visitor(stage: Stage) -> Iterator[Visitor]:
    """Signed in as Sam, whom the directory knows."""
    tell_directory(load_config(HOUSEHOLDS[0].variables), with_every_role("sam", "ida"))
    with Visitor(f"http://127.0.0.1:{stage.gateway.port}") as visitor:
        question = visitor.get_page("/signin?next=/status").headers["Location"]
        back = visitor.get_page(f"{question}&person=sam").headers["Location"]
        assert visitor.get_page(back).headers["Location"] == "/status"
        until(lambda: visitor.get_page(PATH).status_code == 200)
        stage.sales.seen.clear()
        yield visitor


def test_a_session_opens_the_services_and_its_cookie_stays_here(
    stage: Stage, visitor: Visitor
) -> None:
    assert visitor.get_page(PATH).status_code == 200
    (seen,) = stage.sales.seen
    assert seen.values("Cookie") == []
    (shown,) = seen.values("Authorization")
    assert shown.startswith("Bearer ")
    with Visitor(visitor.gateway) as stranger:
        assert stranger.get_page(PATH).status_code == 401


def test_another_site_changes_nothing_through_a_session(stage: Stage, visitor: Visitor) -> None:
    hostile = visitor.change(PATH, Origin="https://evil.example", Sec_Fetch_Site="cross-site")
    assert hostile.json()["type"].endswith("cross-site")
    assert hostile.status_code == 403
    assert stage.sales.seen == []
    assert visitor.change(PATH).status_code == 200


def test_signing_out_closes_them(visitor: Visitor) -> None:
    kept = {"Cookie": f"throughline-session={visitor.cookies['throughline-session']}"}
    assert visitor.change("/signout").status_code == 303
    assert visitor.get_page(PATH, headers=kept).status_code == 401


def test_a_machine_gets_a_token_and_uses_it(visitor: Visitor) -> None:
    with Visitor(visitor.gateway) as machine:
        asked = {"grant_type": "client_credentials"}
        url = f"{machine.gateway}/dev/issuer/token"
        told = machine.post(url, asked, auth=("ida", "of-development"), timeout=20).json()
        shown = {"Authorization": f"Bearer {told['access_token']}"}
        assert machine.get_page(PATH, headers=shown).status_code == 200
        assert machine.get_page(PATH, headers={"Authorization": "Bearer x.y.z"}).status_code == 401
