"""A link to a customer's own area: made for some hours, and taken back at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from events.contracts.base import Fact, fact
from events.contracts.platform import LinkCreated, LinkRevoked
from events.deciding import Decider, Scope
from events.errors import NotFound, RuleBroken
from events.types import CustomerId, format_time, parse_time

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CreateLink:
    link_id: str
    customer_id: CustomerId
    expires_at: datetime
    scope: Scope


@dataclass(frozen=True, slots=True)
class RevokeLink:
    link_id: str


@dataclass(frozen=True, slots=True)
class Link:
    """Without a customer it was never made."""

    customer_id: CustomerId | None = None
    expires_at: datetime = _NEVER
    revoked: bool = False
    scope: Scope = field(default_factory=Scope)

    def leads_to(self, customer_id: str, now: datetime) -> bool:
        """Whether it is this customer's, and still good."""
        return self.customer_id == customer_id and not self.revoked and now < self.expires_at


def decide(link: Link, command: CreateLink | RevokeLink) -> Sequence[Fact]:
    if isinstance(command, CreateLink):
        return _create(link, command)
    if link.customer_id is None:
        raise NotFound("link", command.link_id)
    if link.revoked:
        return []
    return [fact(LinkRevoked, link_id=command.link_id, customer_id=link.customer_id)]


def _create(link: Link, command: CreateLink) -> Sequence[Fact]:
    if link.customer_id is not None:
        raise RuleBroken("link-exists", "a link is made once: make another one")
    return [
        fact(
            LinkCreated,
            link_id=command.link_id,
            customer_id=command.customer_id,
            expires_at=format_time(command.expires_at),
            scope=command.scope.to_data(),
        )
    ]


def evolve(link: Link, one: Fact) -> Link:
    if one.type == LinkRevoked.TYPE:
        return replace(link, revoked=True)
    data = one.data
    return Link(data["customer_id"], parse_time(data["expires_at"]), scope=Scope(**data["scope"]))


LINK: Decider[Link, CreateLink | RevokeLink] = Decider(
    aggregate="link",
    initial=Link(),
    decide=decide,
    evolve=evolve,
    subject=lambda link: link.customer_id,
    scope=lambda link: link.scope,
)
