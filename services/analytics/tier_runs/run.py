"""One run's decisions, in chunks of customers; each customer's commit stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from events.commands import Commands, Known
from events.contracts.analytics import TierPolicyPublished
from events.deciding import Origin, Scope
from events.envelope import Commit
from events.errors import Conflict
from events.projection.view import Document
from events.store.port import Appended
from events.types import StreamId, Version, utc_now
from services.analytics.domain.insight import INSIGHT, AssessCustomer, Insight
from services.analytics.domain.policy import POLICY_1, POLICY_ID, TierPolicy
from services.analytics.domain.tier_policy import TIER_POLICY, ComputeThresholds, PublishPolicy
from services.analytics.domain.tiers import Member, Metrics, Thresholds, is_held, metrics
from services.analytics.views.reading import (
    Standard,
    Views,
    insights_of,
    places_of,
    purchases_by_customer,
)

CHUNK = 500
"""Customers judged, and at most as many commits in one write, between two marks of progress."""

UNKNOWN = (Insight(), 0)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a chunk led to: its last customer, how many they were, how many moved to each tier."""

    last: str
    customers: int
    moved: Counter[str]


class Run:
    """`document` is the run's as its lease was taken; its `after` says where to go on."""

    def __init__(self, commands: Commands, views: Views, document: Document) -> None:
        self._commands = commands
        self._views = views
        self._document = document
        self._at: datetime = document["as_of"]

    def standard(self) -> Standard | None:
        """This run's thresholds, computed once; None when their policy is in force no more."""
        policy = self._policy()
        command_id = self._command_id("@thresholds")
        stored = self._commands.store.find_command(command_id)
        if stored is None:
            population = tuple(self._population(policy))
            command = ComputeThresholds(policy.policy_id, policy.version, population, self._at)
            origin = self._origin(command_id, self._publication(policy))
            self._commands.execute(TIER_POLICY, policy.policy_id, command, origin)
            stored = self._commands.store.find_command(command_id)
        assert isinstance(stored, Commit), "the decision always yields a fact"
        event = stored.events[0]
        limits = Thresholds.from_data(event.data)
        if limits.policy_version != policy.version:
            return None
        return Standard(policy, limits, event.id)

    def judge(self, standard: Standard) -> Iterator[Judged]:
        """All customers that are left, chunk by chunk."""
        # The first chunk may have been appended before an interruption, and not been marked.
        interrupted = "thresholds_event_id" in self._document
        measured = self._measured(standard.policy, self._document["after"])
        while chunk := dict(islice(measured, CHUNK)):
            moved = self._judge_chunk(standard, chunk)
            if interrupted:
                moved |= self._moved_before(chunk.keys() - moved.keys())
                interrupted = False
            yield Judged(max(chunk), len(chunk), Counter(moved.values()))

    def _judge_chunk(self, standard: Standard, chunk: Mapping[str, Metrics]) -> dict[str, str]:
        """The new tiers of those who moved, decided first on what the view knows of them."""
        commits = list(self._moves(standard, chunk))
        outcomes = self._commands.store.append_many(commits) if commits else ()
        moved: dict[str, str] = {}
        for commit, outcome in zip(commits, outcomes, strict=True):
            customer_id = commit.stream.id
            if isinstance(outcome, Appended):
                moved[customer_id] = outcome.commit.events[0].data["to"]
            elif isinstance(outcome, Conflict):
                moved |= self._judge_again(standard, customer_id, chunk[customer_id])
            else:
                raise outcome
        return moved

    def _judge_again(
        self, standard: Standard, customer_id: str, figures: Metrics
    ) -> dict[str, str]:
        """On the store's truth: the view was behind it."""
        place = places_of(self._views, [customer_id]).get(customer_id)
        origin = self._origin(self._command_id(customer_id), standard.event_id, place)
        command = self._command(standard, customer_id, figures)
        self._commands.execute(INSIGHT, customer_id, command, origin)
        return self._moved_before([customer_id])

    def _moved_before(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """The tiers to which this run moved customers, as the store has it."""
        moved: dict[str, str] = {}
        for customer_id in customer_ids:
            stored = self._commands.store.find_command(self._command_id(customer_id))
            if isinstance(stored, Commit):
                moved[customer_id] = stored.events[0].data["to"]
        return moved

    def _policy(self) -> TierPolicy:
        """The policy in force; the built-in one is published when there is none."""
        state, _ = self._commands.state(TIER_POLICY, POLICY_ID)
        if state.policy is not None:
            policy: TierPolicy = state.policy
            return policy
        now = utc_now()
        origin = Origin(self._document["actor"], now, f"tier-policy:{POLICY_ID}:{POLICY_1.version}")
        self._commands.execute(TIER_POLICY, POLICY_ID, PublishPolicy(POLICY_1, now), origin)
        return POLICY_1

    def _publication(self, policy: TierPolicy) -> str | None:
        """The event that put the policy in force: the cause of its thresholds."""
        stream = self._commands.stream_of(TIER_POLICY, policy.policy_id)
        events = (event for commit in self._commands.store.load(stream) for event in commit.events)
        published = (event for event in events if event.type == TierPolicyPublished.TYPE)
        by_version = {event.data["policy_version"]: event.id for event in published}
        return by_version.get(policy.version)

    def _population(self, policy: TierPolicy) -> Iterator[Member]:
        """The customers with a purchase in the window."""
        measured = self._measured(policy)
        while chunk := dict(islice(measured, CHUNK)):
            insights = insights_of(self._views, list(chunk))
            for customer_id, figures in chunk.items():
                if figures.frequency:
                    insight, _ = insights.get(customer_id, UNKNOWN)
                    held = is_held(policy, insight.moved_at, insight.moved_under, self._at)
                    yield Member(figures.monetary, insight.tier, held)

    def _measured(self, policy: TierPolicy, after: str = "") -> Iterator[tuple[str, Metrics]]:
        for customer_id, purchases in purchases_by_customer(self._views, self._at, after):
            yield customer_id, metrics(purchases, self._at, policy.window_days, policy.currency)

    def _moves(self, standard: Standard, chunk: Mapping[str, Metrics]) -> Iterator[Commit]:
        """Commits for those whose tier moves, decided on what the view knows of them."""
        insights = insights_of(self._views, list(chunk))
        places = places_of(self._views, list(chunk))
        for customer_id, figures in chunk.items():
            insight, version = insights.get(customer_id, UNKNOWN)
            command = self._command(standard, customer_id, figures)
            facts = INSIGHT.decide(insight, command)
            if facts:
                known = Known(insight, Version(version), customer_id if version else None)
                stream = StreamId.of(INSIGHT.aggregate, customer_id)
                place = places.get(customer_id)
                origin = self._origin(self._command_id(customer_id), standard.event_id, place)
                yield self._commands.commit_of(INSIGHT, stream, known, facts, origin)

    def _command(self, standard: Standard, customer_id: str, figures: Metrics) -> AssessCustomer:
        return AssessCustomer(
            customer_id=customer_id,
            at=self._at,
            metrics=figures,
            thresholds=standard.thresholds,
            policy=standard.policy,
            cause_event_ids=(standard.event_id,),
        )

    def _command_id(self, step: str) -> str:
        return f"tier-run:{self._document['_id']}:{step}"

    def _origin(
        self, command_id: str, causation_id: str | None = None, scope: Scope | None = None
    ) -> Origin:
        return Origin(
            actor=self._document["actor"],
            occurred_at=self._at,
            command_id=command_id,
            correlation_id=self._document["correlation_id"],
            causation_id=causation_id,
            scope=scope,
        )
