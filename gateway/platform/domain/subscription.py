"""A subscription: which events go to which URL, on whose rights, and whether they do.

    active ⇄ paused
    active → disabled (by the platform) → active
    any → deleted

Its secrets are not here: an event is for ever, and a secret must not be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any, TypeAlias

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
from events.deciding import Decider, Scope
from events.errors import FieldFault, Invalid, NotFound, RuleBroken
from events.types import format_time, parse_time

ACTIVE, PAUSED, DISABLED, DELETED = "active", "paused", "disabled", "deleted"

BOTH_SECRETS = timedelta(hours=24)
"""For so long after a rotation the secret before it signs too."""


@dataclass(frozen=True, slots=True)
class Period:
    """Events recorded from `since` on and before `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """`status` None: there is none. At most one replay runs at a time."""

    id: str = ""
    status: str | None = None
    url: str = ""
    types: tuple[str, ...] = ()
    customer: str | None = None
    owner: str = ""
    starts_at: datetime | None = None
    replays: Mapping[str, Period] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CreateSubscription:
    subscription_id: str
    url: str
    types: tuple[str, ...]
    owner: str
    at: datetime
    customer: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class PauseSubscription:
    subscription_id: str


@dataclass(frozen=True, slots=True)
class ResumeSubscription:
    subscription_id: str


@dataclass(frozen=True, slots=True)
class RotateSecret:
    subscription_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DisableSubscription:
    """By the platform itself; `cause` is `gone` or `failing`."""

    subscription_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class RequestReplay:
    """`at` is now: a period lies in the past."""

    subscription_id: str
    replay_id: str
    since: datetime
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class CompleteReplay:
    subscription_id: str
    replay_id: str


@dataclass(frozen=True, slots=True)
class DeleteSubscription:
    subscription_id: str


SubscriptionCommand: TypeAlias = (
    CreateSubscription
    | PauseSubscription
    | ResumeSubscription
    | RotateSecret
    | DisableSubscription
    | RequestReplay
    | CompleteReplay
    | DeleteSubscription
)


def decide(state: Subscription, command: SubscriptionCommand) -> Sequence[Fact]:
    """Raises NotFound for a subscription that is not there (any more), RuleBroken with a code,
    and Invalid for a period that is none."""
    missing = state.status is None and not isinstance(command, CreateSubscription)
    gone = state.status == DELETED and not isinstance(command, DeleteSubscription)
    if missing or gone:
        raise NotFound("subscription", command.subscription_id)
    return _decide(command, state)


@singledispatch
def _decide(command: Any, _state: Subscription) -> Sequence[Fact]:
    raise TypeError(f"no command of subscriptions: {command!r}")


@_decide.register
def _create(command: CreateSubscription, state: Subscription) -> Sequence[Fact]:
    if state.status is not None:
        raise RuleBroken("subscription-exists", f"there is a subscription {state.id} already")
    return [
        fact(
            SubscriptionCreated,
            subscription_id=command.subscription_id,
            url=command.url,
            types=list(command.types),
            customer=command.customer,
            description=command.description,
            owner=command.owner,
            starts_at=format_time(command.at),
        )
    ]


@_decide.register
def _pause(_command: PauseSubscription, state: Subscription) -> Sequence[Fact]:
    if state.status == DISABLED:
        raise RuleBroken("subscription-disabled", "nothing is sent anyway: it was disabled")
    if state.status == PAUSED:
        return []
    return [fact(SubscriptionPaused, subscription_id=state.id)]


@_decide.register
def _resume(_command: ResumeSubscription, state: Subscription) -> Sequence[Fact]:
    if state.status == ACTIVE:
        return []
    return [fact(SubscriptionResumed, subscription_id=state.id)]


@_decide.register
def _rotate(command: RotateSecret, state: Subscription) -> Sequence[Fact]:
    until = format_time(command.at + BOTH_SECRETS)
    return [fact(SubscriptionSecretRotated, subscription_id=state.id, both_until=until)]


@_decide.register
def _disable(command: DisableSubscription, state: Subscription) -> Sequence[Fact]:
    if state.status == DISABLED:
        return []
    return [fact(SubscriptionDisabled, subscription_id=state.id, cause=command.cause)]


@_decide.register
def _request_replay(command: RequestReplay, state: Subscription) -> Sequence[Fact]:
    if command.since >= command.until:
        raise Invalid("no period", [FieldFault("/until", "must be after since")])
    if command.until > command.at:
        raise Invalid("not yet over", [FieldFault("/until", "must not lie in the future")])
    if state.status != ACTIVE:
        raise RuleBroken("subscription-not-active", f"it is {state.status}: resume it first")
    if state.replays:
        running = next(iter(state.replays))
        raise RuleBroken("replay-running", "one replay at a time", replay_id=running)
    return [
        fact(
            SubscriptionReplayRequested,
            subscription_id=state.id,
            replay_id=command.replay_id,
            since=format_time(command.since),
            until=format_time(command.until),
        )
    ]


@_decide.register
def _complete_replay(command: CompleteReplay, state: Subscription) -> Sequence[Fact]:
    if command.replay_id not in state.replays:
        return []
    replay_id = command.replay_id
    return [fact(SubscriptionReplayCompleted, subscription_id=state.id, replay_id=replay_id)]


@_decide.register
def _delete(_command: DeleteSubscription, state: Subscription) -> Sequence[Fact]:
    if state.status == DELETED:
        return []
    return [fact(SubscriptionDeleted, subscription_id=state.id)]


# --- evolve


def evolve(state: Subscription, one: Fact) -> Subscription:
    """The subscription after one fact."""
    change = _CHANGES.get(one.type)
    return change(state, one.data) if change else state


Data = Mapping[str, Any]


def _created(_state: Subscription, data: Data) -> Subscription:
    return Subscription(
        id=data["subscription_id"],
        status=ACTIVE,
        url=data["url"],
        types=tuple(data["types"]),
        customer=data.get("customer"),
        owner=data["owner"],
        starts_at=parse_time(data["starts_at"]),
    )


def _becomes(status: str) -> Callable[[Subscription, Data], Subscription]:
    return lambda state, _data: replace(state, status=status)


def _replay_requested(state: Subscription, data: Data) -> Subscription:
    period = Period(parse_time(data["since"]), parse_time(data["until"]))
    return replace(state, replays={**state.replays, data["replay_id"]: period})


def _replay_completed(state: Subscription, data: Data) -> Subscription:
    left = {id: period for id, period in state.replays.items() if id != data["replay_id"]}
    return replace(state, replays=left)


_CHANGES: Mapping[str, Callable[[Subscription, Data], Subscription]] = {
    SubscriptionCreated.TYPE: _created,
    SubscriptionPaused.TYPE: _becomes(PAUSED),
    SubscriptionResumed.TYPE: _becomes(ACTIVE),
    SubscriptionDisabled.TYPE: _becomes(DISABLED),
    SubscriptionReplayRequested.TYPE: _replay_requested,
    SubscriptionReplayCompleted.TYPE: _replay_completed,
    SubscriptionDeleted.TYPE: _becomes(DELETED),
}

SUBSCRIPTION: Decider[Subscription, SubscriptionCommand] = Decider(
    aggregate="subscription",
    initial=Subscription(),
    decide=decide,
    evolve=evolve,
    subject=lambda _: None,
    scope=lambda _: Scope(),
)
