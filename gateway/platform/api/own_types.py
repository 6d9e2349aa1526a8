"""Own types of events and own fields of customers: register them, look them up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Code, Count, Id, OneOf, Text, Time
from events.http import Page, PageParams, Routes, answer_either
from events.http.documents import found, listed
from events.http.paging import Document
from events.http.params import Sorted
from gateway.platform.domain.forms import read_form
from gateway.platform.domain.own_types import (
    FIELDS,
    ON_CUSTOMERS,
    TYPE,
    RegisterField,
    RegisterType,
)
from gateway.platform.views.own_types import SORTS

custom_types = Routes("custom_types", "/v1/custom-types", description="Own types of events")
custom_fields = Routes("custom_fields", "/v1/custom-fields", description="Own fields of customers")


class TypeBody(Schema):
    """A type of event, the first time or again with more in it."""

    description = Text(shortest=1, longest=200)
    json_schema = fields.Dict(
        required=True, metadata={"description": "JSON Schema 2020-12 of an object: its data"}
    )
    subject = OneOf("customer", required=False, description="whom such events are about")


class FieldBody(Schema):
    """A field of customers, the first time or again with more room in it."""

    description = Text(shortest=1, longest=200)
    json_schema = fields.Dict(
        required=True, metadata={"description": "JSON Schema 2020-12 of a value"}
    )


class TypeAnswer(Schema):
    """The newest version of a type."""

    id = Id(description="the type's name")
    subject = OneOf("customer")
    description = fields.String(required=True)
    json_schema = fields.Dict(required=True)
    registered_at = Time()
    version = Count(least=1)


class FieldAnswer(Schema):
    """The newest version of a field."""

    id = Code(description="the field's name")
    on = OneOf(ON_CUSTOMERS)
    description = fields.String(required=True)
    json_schema = fields.Dict(required=True)
    registered_at = Time()
    version = Count(least=1)


class RegistryParams(PageParams):
    """By name."""

    sort = Sorted(*SORTS, default="id")


@custom_types.either("/<id:name>", TypeBody, right="schema.register")
def register_type(name: str, body: dict[str, Any]) -> Response:
    """Register a type of event; from the answer on it can be recorded."""
    schema = read_form(body["json_schema"], "/json_schema", of_object=True)
    command = RegisterType(name, body["description"], schema)
    return answer_either(TYPE, name, lambda _origin: command)


@custom_fields.either("/<id:name>", FieldBody, right="schema.register")
def register_field(name: str, body: dict[str, Any]) -> Response:
    """Register a field of customers; from the answer on it can be set."""
    schema = read_form(body["json_schema"], "/json_schema", of_object=False)
    command = RegisterField(name, body["description"], schema)
    return answer_either(FIELDS, ON_CUSTOMERS, lambda _origin: command)


@custom_types.query("", TypeAnswer, RegistryParams, many=True, right="schema.read")
def list_types(params: dict[str, Any]) -> Page:
    """List the own types of events."""
    return _read(listed("custom_types", TypeAnswer, params, (), SORTS))


@custom_types.query("/<id:name>", TypeAnswer, right="schema.read")
def get_type(name: str) -> Document:
    """Look up a type of event."""
    return _opened(found("custom_types", name, TypeAnswer, "type"))


@custom_fields.query("", FieldAnswer, RegistryParams, many=True, right="schema.read")
def list_fields(params: dict[str, Any]) -> Page:
    """List the own fields of customers."""
    return _read(listed("custom_fields", FieldAnswer, params, (), SORTS))


@custom_fields.query("/<id:name>", FieldAnswer, right="schema.read")
def get_field(name: str) -> Document:
    """Look up a field of customers."""
    return _opened(found("custom_fields", name, FieldAnswer, "field"))


def _read(page: Page) -> Page:
    return Page([_opened(one) for one in page.items], page.next_cursor, page.following)


def _opened(document: Mapping[str, Any]) -> Document:
    """With its form as an object again."""
    return {**document, "json_schema": json.loads(document["json_schema"])}
