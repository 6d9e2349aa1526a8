"""What the platform's processes are told of webhooks."""

from __future__ import annotations

import ipaddress

import pytest

from gateway.platform.webhooks.config import load_webhook_config
from gateway.platform.webhooks.roster import chosen

ALLOW = "THROUGHLINE_WEBHOOK_ALLOW"


def test_nothing_is_allowed_unless_it_is_named() -> None:
    assert not load_webhook_config({}).allow
    allow = load_webhook_config({ALLOW: "127.0.0.0/8, ::1/128"}).allow
    assert allow.holds(ipaddress.ip_address("127.0.0.1"))


def test_in_production_nothing_may_be_named() -> None:
    assert not load_webhook_config({"THROUGHLINE_ENV": "production"}).allow
    with pytest.raises(ValueError, match=ALLOW):
        load_webhook_config({ALLOW: "127.0.0.0/8", "THROUGHLINE_ENV": "production"})
    with pytest.raises(ValueError, match=ALLOW):
        load_webhook_config({ALLOW: "everywhere"})


def test_when_a_worker_leaves_only_its_lines_move() -> None:
    lines, workers = [f"line-{n}" for n in range(300)], ["a", "b", "c"]
    before = {line: chosen(line, workers) for line in lines}
    after = {line: chosen(line, ["a", "c"]) for line in lines}
    assert all(after[line] == worker for line, worker in before.items() if worker != "b")
    assert all(60 < list(before.values()).count(worker) < 140 for worker in workers)
