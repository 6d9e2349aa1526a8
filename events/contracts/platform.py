"""The events of the platform itself: what operators do to all services at once.

First among them the import of history. An import is one stream; its rows become events of the
services, marked as backfilled.
"""

from __future__ import annotations

from events.contracts.base import Contract, contract
from events.contracts.fields import (
    Anything,
    Code,
    Count,
    Facts,
    Flag,
    Id,
    ListOf,
    OneOf,
    Scope,
    Text,
    Time,
)


@contract("crm.platform.import.started", version=1, aggregate="import")
class ImportStarted(Contract):
    """An operator began to load history from a source."""

    import_id = Id()
    source = Text(shortest=1, longest=200, description="file or system that the rows come from")
    rows = Count(required=False, description="number of rows, where it is known beforehand")
    dry_run = Flag(description="true: rows are checked, nothing is written to the services")


@contract("crm.platform.import.row_rejected", version=1, aggregate="import")
class ImportRowRejected(Contract):
    """One row broke a rule and was left out; the rows after it went on."""

    import_id = Id()
    row = Count(least=1, description="line in the source, the first is 1")
    reason = Text(
        shortest=1, longest=200, description="the rule that the row breaks; never quotes its values"
    )


@contract("crm.platform.import.completed", version=1, aggregate="import")
class ImportCompleted(Contract):
    """The last row was read; what was taken and what was rejected adds up to all rows."""

    import_id = Id()
    ok = Count(description="rows taken, now or by an earlier run of the same import")
    failed = Count(description="rows rejected")


@contract("crm.platform.access.recorded", version=1, aggregate="access")
class AccessRecorded(Contract):
    """Somebody read personal data; the envelope's actor says who. One event for all that he read
    by the same operation of the same record within an hour."""

    what = Text(shortest=1, longest=200, description="<service>.<operation>")
    record = Text(
        required=False, shortest=1, longest=200, description="the record's id; absent: a list"
    )


USER_KINDS = ("person", "machine")
UNIT_KINDS = ("region", "unit", "team")


@contract("crm.platform.directory.user_activated", version=1, aggregate="directory")
class UserActivated(Contract):
    """Somebody may sign in from now on, with these roles and in this place; known or new."""

    user_id = Id()
    login = Text(pii=True, shortest=1, longest=200, description="the subject of the sign-in")
    name = Text(required=False, pii=True, shortest=1, longest=200)
    kind = OneOf(*USER_KINDS)
    org_unit = Id()
    team = Id(required=False)
    roles = ListOf(Code(), longest=20)


@contract("crm.platform.directory.user_deactivated", version=1, aggregate="directory")
class UserDeactivated(Contract):
    """The user may do nothing any more; what he had in hand is to be handed over."""

    user_id = Id()
    effective_at = Time()


@contract("crm.platform.directory.user_moved", version=1, aggregate="directory")
class UserMoved(Contract):
    """The user stands elsewhere in the enterprise now."""

    user_id = Id()
    org_unit = Id()
    team = Id(required=False)


@contract("crm.platform.directory.role_granted", version=1, aggregate="directory")
class RoleGranted(Contract):
    """The user has one more role."""

    user_id = Id()
    role = Code()


@contract("crm.platform.directory.role_revoked", version=1, aggregate="directory")
class RoleRevoked(Contract):
    """The user has the role no more."""

    user_id = Id()
    role = Code()


@contract("crm.platform.directory.org_unit_changed", version=1, aggregate="directory")
class OrgUnitChanged(Contract):
    """A part of the enterprise is new, has another name, or lies elsewhere in the tree."""

    org_unit = Id()
    kind = OneOf(*UNIT_KINDS)
    name = Text(shortest=1, longest=200)
    parent = Id(description="root, or another part of the enterprise")


MAX_MENTIONS = 20


@contract("crm.platform.note.added", version=1, aggregate="note")
class NoteAdded(Contract):
    """Somebody of the enterprise wrote down what others should know about a customer."""

    note_id = Id()
    customer_id = Id()
    text = Text(pii=True, shortest=1)
    mentions = ListOf(Id(), longest=MAX_MENTIONS, description="users, each once")
    scope = Scope()


@contract("crm.platform.note.user_mentioned", version=1, aggregate="note")
class UserMentioned(Contract):
    """The note is meant for this user. He is told of it; it gives him no right to read it."""

    mention_id = Id()
    note_id = Id()
    customer_id = Id()
    user_id = Id()


@contract("crm.platform.mention.acknowledged", version=1, aggregate="mention")
class MentionAcknowledged(Contract):
    """Who was mentioned took note of it; not part of the customer's story."""

    mention_id = Id()
    user_id = Id()


MAX_FORM_CHARS = 16_000
"""Some hundred fields with their descriptions."""


@contract("crm.platform.schema.registered", version=1, aggregate="schema")
class SchemaRegistered(Contract):
    """An installation's own type of event has this form from now on; a later version takes
    whatever the one before it took."""

    type = Id(description="the type's name, such as `visit.site_survey`")
    type_version = Count(least=1)
    subject = OneOf("customer", description="whom such events are about")
    description = Text(shortest=1, longest=200)
    json_schema = Text(
        shortest=2, longest=MAX_FORM_CHARS, description="JSON Schema 2020-12 of its data, as text"
    )


@contract("crm.platform.field.registered", version=1, aggregate="field")
class FieldRegistered(Contract):
    """Records have this field of the installation's own from now on."""

    on = OneOf("customer", description="which records have it")
    field = Code()
    field_version = Count(least=1)
    description = Text(shortest=1, longest=200)
    json_schema = Text(
        shortest=2, longest=MAX_FORM_CHARS, description="JSON Schema 2020-12 of a value, as text"
    )


@contract("crm.platform.custom.recorded", version=1, aggregate="custom")
class CustomRecorded(Contract):
    """Something happened with a customer that only this installation has a word for."""

    record_id = Id()
    customer_id = Id()
    type = Id(description="a registered type")
    type_version = Count(least=1, description="the version that the data were checked against")
    data = Anything(pii=True, description="an object of the form that the type has")
    scope = Scope()


@contract("crm.platform.custom.fields_set", version=1, aggregate="custom")
class CustomFieldsSet(Contract):
    """A customer's own fields have new values."""

    customer_id = Id()
    values = Anything(pii=True, description="by field; null takes the value away")
    field_versions = Facts(description="the version that each value was checked against")
    scope = Scope()


@contract("crm.platform.link.created", version=1, aggregate="link")
class LinkCreated(Contract):
    """A customer may look at his own area by a link; the link itself is told to nobody else."""

    link_id = Id()
    customer_id = Id()
    expires_at = Time()
    scope = Scope()


@contract("crm.platform.link.revoked", version=1, aggregate="link")
class LinkRevoked(Contract):
    """The link leads nowhere any more."""

    link_id = Id()
    customer_id = Id()


# --- subscriptions


@contract("crm.platform.subscription.created", version=1, aggregate="subscription")
class SubscriptionCreated(Contract):
    """Events go to a receiver's URL from now on; its secret stands in no event. What is sent is
    what the owner may see when it is sent."""

    subscription_id = Id()
    url = Text(shortest=1, longest=2000)
    types = ListOf(
        Text(shortest=1, longest=200),
        longest=50,
        description="event types, or beginnings of them with `.*`; none: all",
    )
    customer = Id(required=False, description="only events about this customer")
    description = Text(
        required=False,
        shortest=1,
        longest=200,
        description="what the receiver is for",
    )
    owner = Id(description="the user whose rights count")
    starts_at = Time(description="events recorded from here on are sent")


@contract("crm.platform.subscription.paused", version=1, aggregate="subscription")
class SubscriptionPaused(Contract):
    """Nothing is sent; what happens meanwhile is sent afterwards."""

    subscription_id = Id()


@contract("crm.platform.subscription.resumed", version=1, aggregate="subscription")
class SubscriptionResumed(Contract):
    """Sending goes on where it was."""

    subscription_id = Id()


@contract("crm.platform.subscription.secret_rotated", version=1, aggregate="subscription")
class SubscriptionSecretRotated(Contract):
    """A new secret signs; until the time told, the one before it signs too."""

    subscription_id = Id()
    both_until = Time()


@contract("crm.platform.subscription.disabled", version=1, aggregate="subscription")
class SubscriptionDisabled(Contract):
    """The platform stopped sending: the receiver answered 410 (`gone`), or nothing but failures
    came for days (`failing`). Somebody has to look, and resume it."""

    subscription_id = Id()
    cause = OneOf("gone", "failing")


@contract("crm.platform.subscription.replay_requested", version=1, aggregate="subscription")
class SubscriptionReplayRequested(Contract):
    """Events of a period are sent once more, beside those that come."""

    subscription_id = Id()
    replay_id = Id()
    since = Time()
    until = Time(description="events recorded before this")


@contract("crm.platform.subscription.replay_completed", version=1, aggregate="subscription")
class SubscriptionReplayCompleted(Contract):
    """Everything of the period has arrived or is a dead letter."""

    subscription_id = Id()
    replay_id = Id()


@contract("crm.platform.subscription.deleted", version=1, aggregate="subscription")
class SubscriptionDeleted(Contract):
    """Nothing is sent any more; what waited is thrown away."""

    subscription_id = Id()
