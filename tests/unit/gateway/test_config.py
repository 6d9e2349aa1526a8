"""The gateway's settings."""

import pytest

from gateway.config import ALLOW_PUBLIC, is_loopback, load_config, parse_upstreams

UPSTREAMS = "marketing=http://127.0.0.1:7001, sales=http://sales.crm:7002/"


def test_upstreams_are_read_in_order() -> None:
    upstreams = parse_upstreams(UPSTREAMS)
    assert list(upstreams) == ["marketing", "sales"]
    assert (upstreams["sales"].host, upstreams["sales"].port) == ("sales.crm", 7002)


@pytest.mark.parametrize(
    "text",
    [
        "sales",
        "sales=127.0.0.1:1",
        "sales=https://127.0.0.1:1",
        "sales=http://127.0.0.1",
        "sales=http://127.0.0.1:1/base",
        "sales=http://user@127.0.0.1:1",
        "customers=http://127.0.0.1:1",
        "a/b=http://127.0.0.1:1",
        "sales=http://127.0.0.1:1,sales=http://127.0.0.1:2",
    ],
)
def test_upstreams_that_make_no_sense_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="THROUGHLINE_UPSTREAMS"):
        load_config({"THROUGHLINE_UPSTREAMS": text})


def test_workers_are_read_the_same_way_and_need_not_be_told() -> None:
    told = {"THROUGHLINE_UPSTREAMS": UPSTREAMS, "THROUGHLINE_WORKERS": "sales=http://10.0.0.7:7012"}
    assert load_config(told).workers["sales"].port == 7012
    assert load_config({"THROUGHLINE_UPSTREAMS": UPSTREAMS}).workers == {}


@pytest.mark.parametrize("workers", ["sales", "service=http://127.0.0.1:7013"])
def test_workers_that_make_no_sense_are_named(workers: str) -> None:
    with pytest.raises(ValueError, match="THROUGHLINE_WORKERS"):
        load_config({"THROUGHLINE_UPSTREAMS": UPSTREAMS, "THROUGHLINE_WORKERS": workers})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "localhost.evil.example", "", "x"])
def test_anything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_public_address_needs_the_spelled_out_word() -> None:
    public = {"THROUGHLINE_UPSTREAMS": UPSTREAMS, "THROUGHLINE_HOST": "0.0.0.0"}
    for word in ("", "true", "yes"):
        with pytest.raises(ValueError, match="THROUGHLINE_ALLOW_PUBLIC"):
            load_config({**public, "THROUGHLINE_ALLOW_PUBLIC": word})
    assert load_config({**public, "THROUGHLINE_ALLOW_PUBLIC": ALLOW_PUBLIC}).public


def test_a_gateway_without_services_does_not_start() -> None:
    with pytest.raises(ValueError, match="names no service"):
        load_config({})


def test_threads_leave_room_for_the_others() -> None:
    with pytest.raises(ValueError, match="THROUGHLINE_THREADS"):
        load_config({"THROUGHLINE_UPSTREAMS": UPSTREAMS, "THROUGHLINE_THREADS": "8"})


def test_the_settings_are_frozen() -> None:
    config = load_config({"THROUGHLINE_UPSTREAMS": UPSTREAMS})
    with pytest.raises(AttributeError):
        config.port = 1
