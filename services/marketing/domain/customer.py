"""The customer: registered once, then a profile whose every value says where it came from.

An organization always has a name; a person may be known by a member number alone, which no other
customer has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from events.contracts.base import Data, Fact, fact, flatten_faults
from events.contracts.marketing import CustomerProfileUpdated, CustomerRegistered, ProfileSchema
from events.deciding import Decider, Scope
from events.errors import FieldFault, Invalid, NotFound, RuleBroken
from events.types import CustomerId, format_time

ALWAYS_THERE = frozenset({"roles", "contact_points"})
"""Fields that can become shorter, but never unknown: everybody has these lists."""

_PROFILE = ProfileSchema()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCustomer:
    """`contact_points` are `{"kind", "value"}`; `locale` is BCP 47."""

    customer_id: CustomerId
    at: datetime
    kind: str
    source: str
    roles: Sequence[str] = ("end_customer",)
    name: str | None = None
    contact_points: Sequence[Data] = ()
    locale: str | None = None
    member_no: str | None = None
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProfile:
    """`values` maps a field of `ProfileSchema` to its new value; None makes it unknown.

    All values come from the same `source`, vouched for by `actor`, at `at`.
    """

    customer_id: CustomerId
    at: datetime
    values: Mapping[str, Any]
    source: str
    actor: str | None = None


CustomerCommand = RegisterCustomer | UpdateProfile


@dataclass(frozen=True, slots=True)
class Customer:
    """`profile` holds the present value of each known field."""

    id: CustomerId | None = None
    kind: str = "person"
    scope: Scope = field(default_factory=Scope)
    profile: Mapping[str, Any] = field(default_factory=dict)


def _register(state: Customer, command: RegisterCustomer) -> Sequence[Fact]:
    if state.id is not None:
        raise RuleBroken("already-registered", f"customer {state.id} is already registered")
    _check_name(command.kind, command.name)
    return [
        fact(
            CustomerRegistered,
            customer_id=command.customer_id,
            kind=command.kind,
            roles=list(command.roles),
            name=command.name,
            contact_points=list(command.contact_points),
            locale=command.locale,
            source=command.source,
            member_no=command.member_no,
            scope=command.scope.to_data(),
        )
    ]


def _update(state: Customer, command: UpdateProfile) -> Sequence[Fact]:
    if state.id is None:
        raise NotFound("customer", command.customer_id)
    _check_values(command)
    changed = {f: new for f, new in command.values.items() if state.profile.get(f) != new}
    if "name" in changed:
        _check_name(state.kind, changed["name"])
    if not changed:
        return []
    changes = [_change(state, command, f) for f in changed]
    return [fact(CustomerProfileUpdated, customer_id=state.id, changes=changes)]


def _change(state: Customer, command: UpdateProfile, name: str) -> Data:
    provenance = {"source": command.source, "at": format_time(command.at)}
    if command.actor is not None:
        provenance["actor"] = command.actor
    return {
        "field": name,
        "old": state.profile.get(name),
        "new": command.values[name],
        "provenance": provenance,
    }


def _check_name(kind: str, name: str | None) -> None:
    if name is None and kind != "organization":
        return
    if name is None or not name.strip():
        raise RuleBroken("name-missing", "an organization needs a name, and no name is blank")


def _check_values(command: UpdateProfile) -> None:
    """Raises Invalid with a pointer below `/values` for each wrong field."""
    known = {f: v for f, v in command.values.items() if v is not None or f in ALWAYS_THERE}
    unknown = [f for f in command.values if f not in _PROFILE.fields]
    faults = flatten_faults(_PROFILE.validate({**known, **dict.fromkeys(unknown)}), "/values")
    if not faults and _born_after(known.get("birth_date"), command.at.date()):
        faults = [FieldFault("/values/birth_date", "lies in the future")]
    if faults:
        raise Invalid("the profile can't take these values", faults)


def _born_after(birth_date: str | None, day: date) -> bool:
    return birth_date is not None and date.fromisoformat(birth_date) > day


def _registered(_: Customer, data: Data) -> Customer:
    given = {name: data[name] for name in _PROFILE.fields if name in data}
    return Customer(data["customer_id"], data["kind"], Scope(**data["scope"]), given)


def _updated(state: Customer, data: Data) -> Customer:
    news = {change["field"]: change["new"] for change in data["changes"]}
    return replace(state, profile={**state.profile, **news})


_DECISIONS: Mapping[type, Callable[[Customer, Any], Sequence[Fact]]] = {
    RegisterCustomer: _register,
    UpdateProfile: _update,
}
_CHANGES: Mapping[str, Callable[[Customer, Data], Customer]] = {
    CustomerRegistered.TYPE: _registered,
    CustomerProfileUpdated.TYPE: _updated,
}


def decide(state: Customer, command: CustomerCommand) -> Sequence[Fact]:
    """Raises NotFound, RuleBroken (`already-registered`, `name-missing`) or Invalid."""
    return _DECISIONS[type(command)](state, command)


def evolve(state: Customer, one: Fact) -> Customer:
    return _CHANGES[one.type](state, one.data)


def claims(one: Fact) -> Sequence[str]:
    """A member number belongs to one customer. Hashed: personal data is never part of a key."""
    member_no = one.data.get("member_no")
    if member_no is None:
        return ()
    return (f"member_no:{sha256(member_no.encode()).hexdigest()}",)


CUSTOMER: Decider[Customer, CustomerCommand] = Decider(
    aggregate="customer",
    initial=Customer(),
    decide=decide,
    evolve=evolve,
    subject=lambda state: state.id,
    scope=lambda state: state.scope,
    claims=claims,
)
