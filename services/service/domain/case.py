"""The case: opened, prioritized, answered, resolved, then closed or opened again.

It runs on the process version it opened with: its due times always count from the opening, by
that version's hours for its kind and priority. The priority is the one asked for, raised by the
customer's tier. A missed due time is recorded once for each metric: when it passes,
or by the late command if that comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from events.contracts.base import Data, Fact, fact
from events.contracts.service import (
    CaseClosed,
    CaseOpened,
    CasePrioritized,
    CaseReopened,
    CaseResolved,
    FirstResponseSent,
    SlaBreached,
)
from events.deciding import Decider, Scope
from events.errors import NotFound, RuleBroken
from events.types import CustomerId, format_time, parse_time
from services.service.domain.case_commands import (
    CaseCommand,
    CloseCase,
    FollowTier,
    NoticeLate,
    OpenCase,
    PrioritizeCase,
    ReopenCase,
    ResolveCase,
    SendFirstResponse,
)
from services.service.domain.process import POLICY_ID, Due, process

_SECOND = timedelta(seconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_NO_DUE = Due(_NEVER, _NEVER)


@dataclass(frozen=True, slots=True)
class Case:
    """`asked` is the priority before the tier raised it to `priority`."""

    id: str = ""
    customer_id: CustomerId | None = None
    status: Literal["unknown", "open", "resolved", "closed"] = "unknown"
    kind: str = ""
    process_version: int = 0
    opened_at: datetime = _NEVER
    asked: str = "normal"
    priority: str = "normal"
    due: Due = _NO_DUE
    responded: bool = False
    breached: frozenset[str] = frozenset()
    scope: Scope = field(default_factory=Scope)


def _open(state: Case, command: OpenCase) -> Sequence[Fact]:
    if state.status != "unknown":
        raise RuleBroken("already-opened", f"case {state.id} was opened before")
    rules = process(command.process_version)
    priority = rules.priority(command.priority, command.tier)
    return [
        fact(
            CaseOpened,
            case_id=command.case_id,
            customer_id=command.customer_id,
            kind=command.kind,
            subject=command.subject,
            interaction_id=command.interaction_id,
            order_id=command.order_id,
            process_version=rules.version,
            priority=priority,
            asked_priority=command.priority,
            tier=command.tier,
            opened_at=format_time(command.at),
            due=rules.due(command.kind, priority, command.at).to_data(),
            scope=command.scope.to_data(),
        )
    ]


def _prioritize(state: Case, command: PrioritizeCase) -> Sequence[Fact]:
    _check_open(state, command.case_id)
    # Whoever decides by hand outranks the tier, hence no tier here.
    to = process(state.process_version).priority(command.priority, tier=None)
    return _moved(state, to, command.cause, command.cause_event_ids)


def _follow_tier(state: Case, command: FollowTier) -> Sequence[Fact]:
    if state.status == "unknown":
        raise NotFound("case", command.case_id)
    if state.status != "open":
        return []
    to = process(state.process_version).priority(state.asked, command.tier)
    return _moved(state, to, "tier_changed", [command.cause_event_id], command.tier)


def _moved(
    state: Case, to: str, cause: str, cause_event_ids: Sequence[str], tier: str | None = None
) -> Sequence[Fact]:
    if to == state.priority:
        return []
    rules = process(state.process_version)
    factors = {"kind": state.kind, "asked_priority": to if tier is None else state.asked}
    return [
        fact(
            CasePrioritized,
            **{"from": state.priority},
            **_names(state),
            to=to,
            cause=cause,
            tier=tier,
            due=rules.due(state.kind, to, state.opened_at).to_data(),
            decision={
                "policy_id": POLICY_ID,
                "policy_version": rules.version,
                "cause_event_ids": list(cause_event_ids),
                "factors": factors if tier is None else {**factors, "tier": tier},
            },
        )
    ]


def _respond(state: Case, command: SendFirstResponse) -> Sequence[Fact]:
    _check_open(state, command.case_id)
    if state.responded:
        raise RuleBroken("already-responded", f"the first response to case {state.id} was sent")
    sent = fact(
        FirstResponseSent,
        **_names(state),
        # The clocks of two machines may differ: nobody answers before the opening.
        elapsed_seconds=max(0, (command.at - state.opened_at) // _SECOND),
        late=command.at > state.due.first_response,
    )
    return [sent, *_breach(state, "first_response", state.due.first_response, command.at)]


def _resolve(state: Case, command: ResolveCase) -> Sequence[Fact]:
    _check_known(state, command.case_id)
    if state.status != "open":
        raise RuleBroken(f"already-{state.status}", f"case {state.id} is {state.status}")
    resolved = fact(
        CaseResolved,
        **_names(state),
        cause_code=command.cause_code,
        resolution=command.resolution,
        contacts=command.contacts,
    )
    return [resolved, *_missed(state, command.at)]


def _missed(state: Case, at: datetime) -> Sequence[Fact]:
    """What was not done in time by `at`, unless it is on record."""
    unanswered = [] if state.responded else [("first_response", state.due.first_response)]
    awaited = [*unanswered, ("resolution", state.due.resolution)]
    return [one for metric, due in awaited for one in _breach(state, metric, due, at)]


def _breach(state: Case, metric: str, due: datetime, at: datetime) -> Sequence[Fact]:
    if at <= due or metric in state.breached:
        return []
    # Rounded up, so that the smallest delay is not told as none.
    late_by = -((due - at) // _SECOND)
    return [fact(SlaBreached, **_names(state), metric=metric, late_by_seconds=late_by)]


def _reopen(state: Case, command: ReopenCase) -> Sequence[Fact]:
    _check_known(state, command.case_id)
    if state.status == "open":
        raise RuleBroken("already-open", f"case {state.id} is open")
    return [fact(CaseReopened, **_names(state), reason=command.reason)]


def _close(state: Case, command: CloseCase) -> Sequence[Fact]:
    _check_known(state, command.case_id)
    if state.status == "closed":
        raise RuleBroken("already-closed", f"case {state.id} is closed")
    if state.status == "open":
        raise RuleBroken("case-not-resolved", f"case {state.id} must be resolved first")
    return [fact(CaseClosed, **_names(state))]


def _notice_late(state: Case, command: NoticeLate) -> Sequence[Fact]:
    _check_known(state, command.case_id)
    return _missed(state, command.at) if state.status == "open" else []


def _check_known(state: Case, case_id: str) -> None:
    if state.status == "unknown":
        raise NotFound("case", case_id)


def _check_open(state: Case, case_id: str) -> None:
    _check_known(state, case_id)
    if state.status != "open":
        raise RuleBroken("case-not-open", f"case {state.id} is {state.status}")


def _names(state: Case) -> dict[str, Any]:
    return {"case_id": state.id, "customer_id": state.customer_id}


def _opened(_: Case, data: Data) -> Case:
    return Case(
        id=data["case_id"],
        customer_id=data["customer_id"],
        status="open",
        kind=data["kind"],
        process_version=data["process_version"],
        opened_at=parse_time(data["opened_at"]),
        asked=data["asked_priority"],
        priority=data["priority"],
        due=Due.from_data(data["due"]),
        scope=Scope(**data["scope"]),
    )


def _prioritized(state: Case, data: Data) -> Case:
    # A tier moves the priority, but not what was asked for.
    asked = state.asked if "tier" in data else data["to"]
    return replace(state, priority=data["to"], asked=asked, due=Due.from_data(data["due"]))


def _breached(state: Case, data: Data) -> Case:
    return replace(state, breached=state.breached | {data["metric"]})


_DECISIONS: Mapping[type, Callable[[Case, Any], Sequence[Fact]]] = {
    OpenCase: _open,
    PrioritizeCase: _prioritize,
    FollowTier: _follow_tier,
    SendFirstResponse: _respond,
    ResolveCase: _resolve,
    ReopenCase: _reopen,
    CloseCase: _close,
    NoticeLate: _notice_late,
}
_CHANGES: Mapping[str, Callable[[Case, Data], Case]] = {
    CaseOpened.TYPE: _opened,
    CasePrioritized.TYPE: _prioritized,
    FirstResponseSent.TYPE: lambda state, _: replace(state, responded=True),
    SlaBreached.TYPE: _breached,
    CaseResolved.TYPE: lambda state, _: replace(state, status="resolved"),
    CaseReopened.TYPE: lambda state, _: replace(state, status="open"),
    CaseClosed.TYPE: lambda state, _: replace(state, status="closed"),
}


def decide(state: Case, command: CaseCommand) -> Sequence[Fact]:
    """Raises NotFound, or RuleBroken with one of these codes: `already-opened`, `already-open`,
    `already-responded`, `already-resolved`, `already-closed`, `case-not-open`,
    `case-not-resolved`, `unknown-case-kind`, `unknown-priority`, `unknown-process-version`.
    """
    return _DECISIONS[type(command)](state, command)


def evolve(state: Case, one: Fact) -> Case:
    return _CHANGES[one.type](state, one.data)


CASE: Decider[Case, CaseCommand] = Decider(
    aggregate="case",
    initial=Case(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: state.customer_id,
    scope=lambda state: state.scope,
)
