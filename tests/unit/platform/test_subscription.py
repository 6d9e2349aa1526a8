"""The rules of subscriptions, and their view."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.contracts.base import Fact, fact
from events.contracts.platform import (
    SubscriptionCreated,
    SubscriptionDeleted,
    SubscriptionDisabled,
    SubscriptionPaused,
    SubscriptionReplayCompleted,
    SubscriptionReplayRequested,
    SubscriptionResumed,
    SubscriptionSecretRotated,
)
from events.types import format_time
from gateway.platform.domain.subscription import (
    SUBSCRIPTION,
    CompleteReplay,
    CreateSubscription,
    DeleteSubscription,
    DisableSubscription,
    PauseSubscription,
    RequestReplay,
    ResumeSubscription,
    RotateSecret,
    SubscriptionCommand,
)
from gateway.platform.views.subscriptions import subscriptions
from gateway.platform.webhooks.pumps import lines_of
from tests.given import given
from tests.happened import happened, shown_by

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID = "s-1"
URL = "https://receiver.example/hook"


def created(**more: Any) -> Fact:
    return fact(
        SubscriptionCreated,
        subscription_id=ID,
        url=URL,
        types=["crm.sales.*"],
        owner="dora",
        starts_at=format_time(NOW),
        **more,
    )


def told(contract: Any, **more: Any) -> Fact:
    return fact(contract, subscription_id=ID, **more)


PAUSED = told(SubscriptionPaused)
RESUMED = told(SubscriptionResumed)
DISABLED = told(SubscriptionDisabled, cause="gone")
DELETED = told(SubscriptionDeleted)
REPLAY = told(
    SubscriptionReplayRequested,
    replay_id="r-1",
    since=format_time(NOW - 2 * HOUR),
    until=format_time(NOW - HOUR),
)
REPLAYED = told(SubscriptionReplayCompleted, replay_id="r-1")


def replay(since: datetime = NOW - 2 * HOUR, until: datetime = NOW - HOUR) -> RequestReplay:
    return RequestReplay(ID, "r-1", since, until, NOW)


def test_a_subscription_is_created_with_its_owner_and_its_beginning() -> None:
    command = CreateSubscription(ID, URL, ("crm.sales.*",), "dora", NOW, "c-1", "ERP")
    given(SUBSCRIPTION).when(command).then(created(customer="c-1", description="ERP"))
    given(SUBSCRIPTION, created()).when(command).rejected("subscription-exists")


def test_pausing_and_resuming() -> None:
    given(SUBSCRIPTION, created()).when(PauseSubscription(ID)).then(PAUSED)
    given(SUBSCRIPTION, created(), PAUSED).when(PauseSubscription(ID)).then()
    given(SUBSCRIPTION, created(), PAUSED).when(ResumeSubscription(ID)).then(RESUMED)
    given(SUBSCRIPTION, created()).when(ResumeSubscription(ID)).then()


def test_what_was_disabled_is_resumed_not_paused() -> None:
    given(SUBSCRIPTION, created()).when(DisableSubscription(ID, "gone")).then(DISABLED)
    given(SUBSCRIPTION, created(), DISABLED).when(DisableSubscription(ID, "failing")).then()
    given(SUBSCRIPTION, created(), DISABLED).when(PauseSubscription(ID)).rejected(
        "subscription-disabled"
    )
    given(SUBSCRIPTION, created(), DISABLED).when(ResumeSubscription(ID)).then(RESUMED)


def test_a_rotation_says_until_when_both_secrets_sign() -> None:
    both = told(SubscriptionSecretRotated, both_until=format_time(NOW + 24 * HOUR))
    given(SUBSCRIPTION, created()).when(RotateSecret(ID, NOW)).then(both)


def test_one_replay_of_a_past_period_at_a_time() -> None:
    given(SUBSCRIPTION, created()).when(replay()).then(REPLAY)
    given(SUBSCRIPTION, created(), REPLAY).when(replay()).rejected("replay-running")
    given(SUBSCRIPTION, created(), REPLAY).when(CompleteReplay(ID, "r-1")).then(REPLAYED)
    given(SUBSCRIPTION, created(), REPLAY, REPLAYED).when(CompleteReplay(ID, "r-1")).then()
    given(SUBSCRIPTION, created(), REPLAY, REPLAYED).when(replay()).then(REPLAY)
    given(SUBSCRIPTION, created(), PAUSED).when(replay()).rejected("subscription-not-active")
    given(SUBSCRIPTION, created()).when(replay(NOW, NOW)).rejected("invalid")
    given(SUBSCRIPTION, created()).when(replay(until=NOW + HOUR)).rejected("invalid")


@pytest.mark.parametrize(
    "command",
    [PauseSubscription(ID), ResumeSubscription(ID), RotateSecret(ID, NOW), replay(),
     DisableSubscription(ID, "gone"), CompleteReplay(ID, "r-1")],
)  # fmt: skip
def test_what_was_deleted_or_never_was_is_not_there(command: SubscriptionCommand) -> None:
    given(SUBSCRIPTION, created(), DELETED).when(command).rejected("not-found")
    given(SUBSCRIPTION).when(command).rejected("not-found")


def test_deleting_ends_it_in_any_state() -> None:
    for before in ((), (PAUSED,), (DISABLED,), (REPLAY,)):
        given(SUBSCRIPTION, created(), *before).when(DeleteSubscription(ID)).then(DELETED)
    given(SUBSCRIPTION, created(), DELETED).when(DeleteSubscription(ID)).then()
    given(SUBSCRIPTION).when(DeleteSubscription(ID)).rejected("not-found")


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        ((), [ID]),
        ((REPLAY,), [ID, f"{ID}/r-1"]),
        ((REPLAY, REPLAYED), [ID]),
        ((REPLAY, PAUSED), []),
        ((PAUSED,), []),
        ((PAUSED, RESUMED), [ID]),
        ((DISABLED,), []),
        ((DELETED,), []),
    ],
)
def test_only_what_is_active_has_lines(after: tuple[Fact, ...], lines: list[str]) -> None:
    state = SUBSCRIPTION.fold([created(), *after])
    assert [line.id for line, _ in lines_of(state)] == lines


def test_the_view_tells_how_it_stands() -> None:
    events = happened(ID, created(description="ERP"), DISABLED)
    (document,) = shown_by(subscriptions, events).values()
    assert (document["status"], document["cause"]) == ("disabled", "gone")
    events = happened(ID, created(), DISABLED, RESUMED, REPLAY)
    (document,) = shown_by(subscriptions, events).values()
    assert (document["status"], document["replay"]) == ("active", "r-1")
    assert "cause" not in document
    events = happened(ID, created(), REPLAY, REPLAYED, PAUSED, DELETED)
    (document,) = shown_by(subscriptions, events).values()
    assert (document["status"], document["version"]) == ("deleted", 5)
    assert "replay" not in document
