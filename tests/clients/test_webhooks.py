"""Webhooks are verified as the library of Standard Webhooks signs them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from throughline import webhooks

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret of another day...").decode()
BODY = '{"type": "crm.sales.order.placed.v1", "data": {"name": "Zoë"}}'


def signed(body: str = BODY, *, secret: str = SECRET, minutes: float = 0) -> dict[str, str]:
    """The headers as the library's sender makes them."""
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }


def verify(headers: dict[str, str], body: str = BODY, *secrets: str) -> Any:
    return webhooks.verify(headers, body.encode(), *(secrets or (SECRET,)))


def test_a_genuine_message_is_read() -> None:
    assert verify(signed())["data"] == {"name": "Zoë"}
    assert verify({name.title(): value for name, value in signed().items()})
    assert verify(signed(), BODY, SECRET.removeprefix("whsec_").rstrip("="))


def test_ours_and_the_librarys_verdict_agree() -> None:
    headers = signed()
    assert Webhook(SECRET).verify(BODY, headers) == verify(headers)


def test_while_a_secret_is_rotated_either_fits() -> None:
    assert verify(signed(secret=OTHER), BODY, SECRET, OTHER)
    both = signed()
    both["webhook-signature"] = (
        f"v1a,xxx {signed(secret=OTHER)['webhook-signature']} " + (both["webhook-signature"])
    )
    assert verify(both)


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
def test_a_little_late_or_early_is_genuine(minutes: float) -> None:
    assert verify(signed(minutes=minutes))


@pytest.mark.parametrize("minutes", [-5.1, 5.1])
def test_another_time_is_not(minutes: float) -> None:
    with pytest.raises(webhooks.NotGenuine, match="time"):
        verify(signed(minutes=minutes))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) - 30)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "١٢٣"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "é" * 40},
        {"webhook-signature": signed(secret=OTHER)["webhook-signature"]},
        {"webhook-signature": signed()["webhook-signature"].replace("v1,", "v2,")},
    ],
)
def test_what_was_changed_is_not_genuine(change: dict[str, str]) -> None:
    with pytest.raises(webhooks.NotGenuine):
        verify({**signed(), **change})


def test_another_body_is_not_genuine() -> None:
    with pytest.raises(webhooks.NotGenuine):
        verify(signed(), BODY.replace("order", "lead"))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_is_named(name: str) -> None:
    headers = signed()
    del headers[name]
    with pytest.raises(webhooks.NotGenuine, match=name):
        verify(headers)


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_not base64!",)])
def test_a_secret_that_is_none_is_the_receivers_mistake(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        webhooks.verify(signed(), BODY.encode(), *secrets)
