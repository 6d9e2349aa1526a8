"""The rules of own types, own fields and what is recorded with them."""

from __future__ import annotations

from typing import Any

import pytest

from events.contracts.base import Fact, fact
from events.contracts.platform import CustomFieldsSet, CustomRecorded, FieldRegistered
from events.deciding import Scope
from events.errors import Invalid, RuleBroken
from events.types import CustomerId
from gateway.platform.domain.custom import CUSTOM_EVENT, CUSTOM_FIELDS, RecordCustom, SetFields
from gateway.platform.domain.forms import read_form
from gateway.platform.domain.own_types import (
    FIELDS,
    MAX_FIELDS,
    TYPE,
    Fields,
    Form,
    RegisterField,
    RegisterType,
)
from gateway.platform.views.own_types import custom_values
from tests.given import given
from tests.happened import happened, shown_by

HERE = Scope("north-1")
ME = CustomerId("c1")


def form(**properties: Any) -> str:
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return read_form(schema, "", of_object=True)


NARROW, WIDE = form(rooms={"type": "integer"}), form(rooms={"type": "integer"}, floor={})


def type_(schema: str = NARROW, name: str = "visit.site_survey", says: str = "Seen") -> Any:
    return RegisterType(name, says, schema)


def registered(*commands: RegisterType) -> list[Fact]:
    facts: list[Fact] = []
    for command in commands:
        facts += TYPE.decide(TYPE.fold(facts), command)
    return facts


def test_versions_of_a_type_count_from_one_and_the_newest_is_known() -> None:
    facts = registered(type_(), type_(WIDE), type_(WIDE), type_(WIDE, says="Looked at"))
    assert [one.data["type_version"] for one in facts] == [1, 2, 3]
    assert TYPE.fold(facts) == Form(3, "Looked at", WIDE)


def test_what_would_refuse_older_data_is_refused_with_the_reason() -> None:
    with pytest.raises(RuleBroken) as error:
        TYPE.decide(TYPE.fold(registered(type_(WIDE))), type_(NARROW))
    assert error.value.code == "incompatible-schema"
    assert error.value.facts == {"version": 1, "refusals": ["floor is removed"]}


@pytest.mark.parametrize(
    "name", ["visit", "crm.sales", "Visit.x", "a.b.c.d.e", "visit..x", "visit.x-y", "9.a", "a."]
)
def test_a_types_name_is_words_with_dots(name: str) -> None:
    with pytest.raises(Invalid):
        TYPE.decide(Form(), type_(name=name))


def field(name: str = "floor", schema: Any = None) -> RegisterField:
    text = read_form(schema or {"type": "string"}, "", of_object=False)
    return RegisterField(name, "Of the house", text)


def fields(*commands: RegisterField) -> Fields:
    known = Fields()
    for command in commands:
        known = FIELDS.fold(FIELDS.decide(known, command), known)
    return known


def test_fields_have_versions_of_their_own() -> None:
    rooms = {"type": "integer"}
    known = fields(field(), field("rooms", rooms), field("rooms", {**rooms, "title": "Rooms"}))
    assert {name: one.version for name, one in known.forms.items()} == {"floor": 1, "rooms": 2}
    assert FIELDS.decide(known, field()) == []
    with pytest.raises(RuleBroken, match="would refuse"):
        FIELDS.decide(known, field("rooms", {"type": "integer", "minimum": 1}))


def test_there_is_an_end_to_fields() -> None:
    known = fields(*(field(f"f{n}") for n in range(MAX_FIELDS)))
    with pytest.raises(RuleBroken) as error:
        FIELDS.decide(known, field("one_more"))
    assert error.value.code == "too-many-fields"
    again = FIELDS.decide(known, field("f0", {"type": "string", "title": "Still welcome"}))
    assert again[0].data["field_version"] == 2


def record(data: Any, of: Form | None = None) -> RecordCustom:
    return RecordCustom("r1", ME, "visit.site_survey", of or Form(2, "Seen", WIDE), data, HERE)


def faults(decider: Any, command: Any, state: Any = None) -> list[str]:
    with pytest.raises(Invalid) as error:
        decider.decide(state or decider.initial, command)
    return [one.pointer for one in error.value.faults]


def test_an_event_is_recorded_with_the_version_that_it_holds() -> None:
    given(CUSTOM_EVENT).when(record({"rooms": 3})).then(
        fact(
            CustomRecorded,
            record_id="r1",
            customer_id=ME,
            type="visit.site_survey",
            type_version=2,
            data={"rooms": 3},
            scope=HERE.to_data(),
        )
    )
    assert faults(CUSTOM_EVENT, record({"rooms": "3", "more": 1})) == ["/data/rooms", "/data/more"]
    assert faults(CUSTOM_EVENT, record({}, Form())) == ["/type"]


def test_names_that_the_database_takes_for_its_own_are_refused() -> None:
    data = {"floor": {"$ref": "a", "$id": "b", "x": [{"$where": 1}]}}
    assert faults(CUSTOM_EVENT, record(data)) == [
        "/data/floor/$ref",
        "/data/floor/$id",
        "/data/floor/x/0/$where",
    ]


KNOWN = fields(field(), field("rooms", {"type": "integer"}), field("ready", {"type": "boolean"}))


def setting(**values: Any) -> SetFields:
    return SetFields(ME, values, KNOWN, HERE)


def were_set(**values: Any) -> Fact:
    return fact(
        CustomFieldsSet,
        customer_id=ME,
        values=values,
        field_versions={name: KNOWN.forms[name].version for name in values},
        scope=HERE.to_data(),
    )


def test_only_what_changes_is_told() -> None:
    before = were_set(floor="wood", rooms=1)
    given(CUSTOM_FIELDS).when(setting(floor="wood")).then(were_set(floor="wood"))
    given(CUSTOM_FIELDS, before).when(setting(floor="wood", rooms=2)).then(were_set(rooms=2))
    given(CUSTOM_FIELDS, before).when(setting(floor="wood", ready=None)).then()
    given(CUSTOM_FIELDS, before).when(setting(floor=None)).then(were_set(floor=None))
    given(CUSTOM_FIELDS, were_set(rooms=1)).when(setting(rooms=1.0)).then(were_set(rooms=1.0))


def test_each_wrong_field_is_named() -> None:
    assert faults(CUSTOM_FIELDS, setting(floor=1, rooms=2, height=3)) == [
        "/values/floor",
        "/values/height",
    ]


def test_an_events_stream_takes_no_fields_and_a_customer_stays_where_he_is() -> None:
    recorded = CUSTOM_EVENT.decide(CUSTOM_EVENT.initial, record({}))
    given(CUSTOM_FIELDS, *recorded).when(setting(rooms=1)).rejected("not-found")

    elsewhere = SetFields(ME, {"rooms": 2}, KNOWN, Scope("south-1"))
    outcome = given(CUSTOM_FIELDS, were_set(rooms=1)).when(elsewhere)
    assert CUSTOM_FIELDS.scope(outcome.state) == HERE


def test_the_view_holds_what_is_left() -> None:
    story = happened("c1", were_set(floor="wood", rooms=1), were_set(floor=None, ready=True))
    assert shown_by(custom_values, story)["c1"]["values"] == {"rooms": 1, "ready": True}


def test_registering_is_about_customers() -> None:
    (told,) = FIELDS.decide(Fields(), field())
    assert (told.type, told.data["on"]) == (FieldRegistered.TYPE, "customer")
