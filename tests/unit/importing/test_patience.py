"""What passes is waited for, what does not is raised at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from deploy.importing.patience import patiently
from events.errors import Transient


def failing(*errors: Exception) -> tuple[Callable[[], str], list[int]]:
    calls: list[int] = []

    def call() -> str:
        calls.append(1)
        if len(calls) <= len(errors):
            raise errors[len(calls) - 1]
        return "done"

    return call, calls


def test_a_server_that_comes_back_is_waited_for() -> None:
    call, calls = failing(AutoReconnect("away"), Transient("still away"))
    assert patiently(call) == "done"
    assert len(calls) == 3


def test_patience_ends() -> None:
    call, calls = failing(*[AutoReconnect("away")] * 9)
    with pytest.raises(Transient, match="away"):
        patiently(call, seconds=0)
    assert len(calls) == 1


def test_what_will_not_pass_is_raised_at_once() -> None:
    call, calls = failing(OperationFailure("not allowed", code=13))
    with pytest.raises(OperationFailure):
        patiently(call)
    assert len(calls) == 1
