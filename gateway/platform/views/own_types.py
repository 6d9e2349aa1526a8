"""Own types and own fields as lists show them, and the fields that each customer has."""

from __future__ import annotations

from events.contracts.platform import CustomFieldsSet, FieldRegistered, SchemaRegistered
from events.envelope import Event
from events.projection.folding import move
from events.projection.view import Document, View

SORTS = {"id": "_id"}

custom_types = View("custom_types", open=True)
custom_fields = View("custom_fields", open=True)
custom_values = View("custom_values")


@custom_types.on(SchemaRegistered, key=lambda event: str(event.data["type"]))
def type_registered(doc: Document, event: Event) -> None:
    doc.update(subject=event.data["subject"], version=event.data["type_version"], **_form(event))


@custom_fields.on(FieldRegistered, key=lambda event: str(event.data["field"]))
def field_registered(doc: Document, event: Event) -> None:
    doc.update(on=event.data["on"], version=event.data["field_version"], **_form(event))


def _form(event: Event) -> Document:
    """The form stays a text: in a document its `$ref` would be the database's own."""
    return {
        "description": event.data["description"],
        "json_schema": event.data["json_schema"],
        "registered_at": event.occurred_at,
    }


@custom_values.on(CustomFieldsSet, key=lambda event: str(event.data["customer_id"]))
def fields_set(doc: Document, event: Event) -> None:
    values = {**doc.get("values", {}), **event.data["values"]}
    doc.update(
        values={name: value for name, value in values.items() if value is not None},
        changed_at=event.occurred_at,
        version=event.version,
    )
    move(doc, event)
