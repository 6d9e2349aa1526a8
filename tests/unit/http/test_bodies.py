"""Bad bodies change nothing and get a clear answer that names the place."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.http.body import MAX_BODY_BYTES, MAX_DEPTH, parse_object
from events.http.problem import Problem
from tests.unit.http.depot import Depot, is_problem

GOOD = b'{"customer_id": "c-1", "place": "Riga"}'


def post(depot: Depot, body: bytes, content_type: str = "application/json", **more: Any) -> Any:
    return depot.client.post("/v1/parcels", data=body, content_type=content_type, **more)


def with_extra(extra: str) -> bytes:
    return b'{"customer_id": "c-1", "place": "Riga", "extra": %b}' % extra.encode()


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


MALFORMED = {
    "empty": b"",
    "blank": b"   ",
    "word": b"parcel",
    "not closed": b'{"customer_id": "c-1"',
    "closed twice": GOOD + b"}",
    "two values": GOOD + GOOD,
    "trailing comma": b'{"place": "Riga",}',
    "single quotes": b"{'place': 'Riga'}",
    "bare member": b'{place: "Riga"}',
    "comment": b'{"place": "Riga"} // here',
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "utf-16": GOOD.decode().encode("utf-16"),
    "not utf-8": b'{"place": "\xff"}',
    "overlong utf-8": b'{"place": "\xc0\xaf"}',
    "surrogate bytes": b'{"place": "\xed\xa0\x80"}',
    "lone surrogate": b'{"place": "\\ud800"}',
    "raw newline": b'{"place": "a\nb"}',
    "raw nul": b'{"place": "a\x00b"}',
    "bad escape": b'{"place": "\\x41"}',
    "not a number": with_extra("NaN"),
    "infinity": with_extra("-Infinity"),
    "hexadecimal": with_extra("0x10"),
    "leading zero": with_extra("007"),
    "plus": with_extra("+1"),
    "beyond double": with_extra("1e999"),
    "five thousand digits": with_extra("1" * 5000),
    "null": b"null",
    "list": b"[" + GOOD + b"]",
    "string": b'"parcel"',
    "number": b"1",
    "true": b"true",
    "form": b"customer_id=c-1&place=Riga",
    "xml": b"<parcel/>",
    "bottomless": b"[" * 100_000,
    "bottomless objects": b'{"a":' * 100_000,
}
DEEP = {
    "just too deep": with_extra(nested(MAX_DEPTH)),
    "deep": with_extra(nested(500)),
    "deep objects": with_extra('{"a":' * 40 + "1" + "}" * 40),
}
TWICE = {
    "twice": b'{"place": "a", "place": "b", "customer_id": "c-1"}',
    "twice escaped": b'{"place": "a", "pl\\u0061ce": "b", "customer_id": "c-1"}',
    "twice inside": with_extra('[{"a": 1, "a": 1}]'),
}
INVALID = {
    "missing": (b"{}", {"/customer_id", "/place"}),
    "null member": (b'{"customer_id": null, "place": "Riga"}', {"/customer_id"}),
    "unknown member": (GOOD[:-1] + b', "colour": "red"}', {"/colour"}),
    "pointer escapes": (GOOD[:-1] + b', "a/b~c": 1}', {"/a~1b~0c"}),
    "empty name": (GOOD[:-1] + b', "": 1}', {"/"}),
    "number for text": (b'{"customer_id": "c-1", "place": 7}', {"/place"}),
    "object for text": (b'{"customer_id": "c-1", "place": {"$ne": ""}}', {"/place"}),
    "list for id": (b'{"customer_id": ["c-1"], "place": "Riga"}', {"/customer_id"}),
    "too short": (b'{"customer_id": "c-1", "place": ""}', {"/place"}),
    "too long": (b'{"customer_id": "c-1", "place": "%b"}' % (b"x" * 101), {"/place"}),
    "escaped nul": (b'{"customer_id": "c-1", "place": "a\\u0000"}', {"/place"}),
    "escape sequence": (b'{"customer_id": "c-1", "place": "\\u001b[2J"}', {"/place"}),
    "text direction": (b'{"customer_id": "c-1", "place": "a\\u202eb"}', {"/place"}),
    "raw text direction": ('{"customer_id": "c-1", "place": "a\u2066b"}'.encode(), {"/place"}),
    "nul in free data": (with_extra('{"a": ["b", "\\u0000"]}'), {"/extra/a/1"}),
    "nul in a name": (with_extra('{"a\\u0000": 1}'), {"/extra"}),
    "beyond 64 bit": (with_extra("9223372036854775808"), {"/extra"}),
    "below 64 bit": (with_extra("[-9223372036854775809]"), {"/extra/0"}),
    "thirty digits": (with_extra("1" * 30), {"/extra"}),
    "list item": (GOOD[:-1] + b', "items": [{"sku": "a", "quantity": 0}]}', {"/items/0/quantity"}),
    "flag for count": (
        GOOD[:-1] + b', "items": [{"sku": "a", "quantity": true}]}',
        {"/items/0/quantity"},
    ),
    "text for count": (
        GOOD[:-1] + b', "items": [{"sku": "a", "quantity": "1"}]}',
        {"/items/0/quantity"},
    ),
    "object for list": (GOOD[:-1] + b', "items": {}}', {"/items"}),
    "text for object": (GOOD[:-1] + b', "items": ["a"]}', {"/items/0"}),
    "too many": (GOOD[:-1] + b', "items": [%b]}' % b",".join([b"{}"] * 101), None),
    "float money": (
        GOOD[:-1] + b', "worth": {"amount": 1.5, "currency": "USD"}}',
        {"/worth/amount"},
    ),
    "negative money": (
        GOOD[:-1] + b', "worth": {"amount": "-1", "currency": "USD"}}',
        {"/worth/amount"},
    ),
    "no zone": (GOOD[:-1] + b', "sent_at": "2026-01-01T00:00:00"}', {"/sent_at"}),
    "out of the calendar": (
        GOOD[:-1] + b', "sent_at": "0001-01-01T00:00:00+14:00"}',
        {"/sent_at"},
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_a_bad_request(depot: Depot, name: str) -> None:
    is_problem(post(depot, MALFORMED[name]), 400, "malformed-json")
    assert depot.store.commits == []


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_body_is_a_bad_request(depot: Depot, name: str) -> None:
    is_problem(post(depot, DEEP[name]), 400, "too-deep")


@pytest.mark.parametrize("name", TWICE)
def test_a_member_given_twice_is_a_bad_request(depot: Depot, name: str) -> None:
    is_problem(post(depot, TWICE[name]), 400, "duplicate-member")


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_body_names_the_place(depot: Depot, name: str) -> None:
    raw, pointers = INVALID[name]
    body = is_problem(post(depot, raw), 422, "invalid")
    found = {error["pointer"] for error in body["errors"]}
    assert found if pointers is None else found == pointers
    assert all(error["detail"] for error in body["errors"])
    assert depot.store.commits == []


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        b" \r\n\t" + GOOD + b"\n",
        with_extra(nested(MAX_DEPTH - 1)),
        with_extra("9223372036854775807"),
        with_extra("-9223372036854775807"),
        with_extra("[1.5, null, true, {}]"),
        with_extra('"line\\nbreak and \\ttab"'),
        with_extra('{"a": {"x": 1}, "b": {"x": 1}}'),
        b'{"customer_id": "c-1", "place": "\\ud83d\\ude00"}',
        '{"customer_id": "c-1", "place": "Rīga \U0001f600"}'.encode(),
    ],
)
def test_a_strange_but_right_body_passes(depot: Depot, body: bytes) -> None:
    assert post(depot, body).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "application/",
    ],
)
def test_other_media_types_are_unsupported(depot: Depot, content_type: str) -> None:
    response = post(depot, GOOD, content_type)
    is_problem(response, 415, "unsupported-media-type")
    assert response.headers["Accept"] == "application/json"


@pytest.mark.parametrize(
    "content_type",
    ["application/json;charset=UTF-8", "Application/JSON", "application/vnd.parcel+json"],
)
def test_kinds_of_json_are_json(depot: Depot, content_type: str) -> None:
    assert post(depot, GOOD, content_type).status_code == 201


def test_a_compressed_body_is_unsupported(depot: Depot) -> None:
    response = post(depot, GOOD, headers={"Content-Encoding": "gzip"})
    is_problem(response, 415, "unsupported-media-type")
    assert response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_has_a_cap(depot: Depot, announced: bool) -> None:
    big = b'{"place": "%b"}' % (b"x" * MAX_BODY_BYTES)
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    response = post(depot, big, environ_overrides={} if announced else chunked)
    is_problem(response, 413, "too-large")


def test_a_body_just_below_the_cap_is_read(depot: Depot) -> None:
    body = with_extra('"' + "x" * (MAX_BODY_BYTES - 100) + '"')
    assert post(depot, body).status_code == 201


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_command_without_fields_takes_no_body(depot: Depot, body: bytes) -> None:
    path = f"/v1/parcels/{depot.send().get_json()['id']}/deliver"
    headers = {"If-Match": "*"}
    answer = depot.client.post(path, data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 200


def test_a_command_without_fields_refuses_some(depot: Depot) -> None:
    path = f"/v1/parcels/{depot.send().get_json()['id']}/deliver"
    body = is_problem(depot.client.post(path, json={"a": 1}), 422, "invalid")
    assert body["errors"] == [{"pointer": "/a", "detail": "Unknown field."}]


SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@SETTINGS
@given(st.binary(max_size=200))
def test_no_bytes_break_it(depot: Depot, raw: bytes) -> None:
    assert post(depot, raw).status_code in (400, 422)


@SETTINGS
@given(st.dictionaries(st.sampled_from(["customer_id", "place", "items", "extra"]), VALUES))
def test_no_values_break_it(depot: Depot, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    assert post(depot, raw).status_code in (201, 400, 422)


@SETTINGS
@given(st.dictionaries(st.text(), VALUES))
def test_what_passes_is_what_a_careful_reader_reads(body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    with suppress(Problem):
        assert parse_object(raw) == json.loads(raw)
