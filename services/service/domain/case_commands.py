"""What can be asked of a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from events.deciding import Scope
from events.types import CustomerId
from services.service.domain.process import CURRENT_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """`priority` is the one asked for; `tier` is the customer's, as far as service knows it."""

    case_id: str
    at: datetime
    customer_id: CustomerId
    kind: str
    subject: str
    priority: str = "normal"
    tier: str | None = None
    interaction_id: str | None = None
    order_id: str | None = None
    process_version: int = CURRENT_VERSION
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrioritizeCase:
    """A person decides how pressing the case is, whatever the tier says."""

    case_id: str
    at: datetime
    priority: str
    cause: str
    cause_event_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowTier:
    """The customer's tier is now `tier`, says the event; a case that is done stays as it is."""

    case_id: str
    at: datetime
    tier: str
    cause_event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFirstResponse:
    """The customer was answered at `at`."""

    case_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveCase:
    """`contacts` is how many contacts it took, the first one included."""

    case_id: str
    at: datetime
    cause_code: str
    resolution: str
    contacts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenCase:
    """`reason` is a word of the installation's vocabulary."""

    case_id: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """The customer agrees, or did not object in time."""

    case_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLate:
    """A due time has passed; records what was missed by `at` and is not on record yet."""

    case_id: str
    at: datetime


CaseCommand = (
    OpenCase
    | PrioritizeCase
    | FollowTier
    | SendFirstResponse
    | ResolveCase
    | ReopenCase
    | CloseCase
    | NoticeLate
)
