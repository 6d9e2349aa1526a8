"""The gateway's settings."""

import pytest

from gateway.config import is_loopback, load_config, parse_upstreams

UPSTREAMS = "marketing=http://127.0.0.1:7001, sales=http://sales.crm:7002/"
ENOUGH = {
    "THROUGHLINE_UPSTREAMS": UPSTREAMS,
    "THROUGHLINE_ACCESS_KEY": "access.pem",
    "THROUGHLINE_DEV_ISSUER": "issuer.pem",
}
PUBLIC = {
    "THROUGHLINE_UPSTREAMS": UPSTREAMS,
    "THROUGHLINE_ACCESS_KEY": "access.pem",
    "THROUGHLINE_HOST": "0.0.0.0",
    "THROUGHLINE_ISSUER": "https://id.example/realms/crm",
    "THROUGHLINE_PUBLIC_URL": "https://crm.example",
}


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
        load_config({**ENOUGH, "THROUGHLINE_UPSTREAMS": text})


def test_workers_are_read_the_same_way_and_need_not_be_told() -> None:
    told = {**ENOUGH, "THROUGHLINE_WORKERS": "sales=http://10.0.0.7:7012"}
    assert load_config(told).workers["sales"].port == 7012
    assert load_config(ENOUGH).workers == {}


@pytest.mark.parametrize("workers", ["sales", "service=http://127.0.0.1:7013"])
def test_workers_that_make_no_sense_are_named(workers: str) -> None:
    with pytest.raises(ValueError, match="THROUGHLINE_WORKERS"):
        load_config({**ENOUGH, "THROUGHLINE_WORKERS": workers})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "localhost.evil.example", "", "x"])
def test_anything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_with_a_provider_the_gateway_may_listen_anywhere() -> None:
    config = load_config(PUBLIC)
    assert config.public
    assert config.issuer_in_use == "https://id.example/realms/crm"
    assert config.audience == "throughline"


def test_the_issuer_is_taken_to_the_letter() -> None:
    config = load_config({**PUBLIC, "THROUGHLINE_ISSUER": "https://id.example/"})
    assert config.issuer_in_use == "https://id.example/"


def test_the_development_issuer_is_the_gateway_itself() -> None:
    config = load_config({**ENOUGH, "THROUGHLINE_PORT": "8123"})
    assert config.issuer_in_use == "http://127.0.0.1:8123/dev/issuer"
    config = load_config({**ENOUGH, "THROUGHLINE_HOST": "::1"})
    assert config.issuer_in_use == "http://[::1]:8000/dev/issuer"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({**ENOUGH, "THROUGHLINE_DEV_ISSUER": ""}, "THROUGHLINE_ISSUER"),
        ({**ENOUGH, "THROUGHLINE_ISSUER": "https://id.example"}, "THROUGHLINE_DEV_ISSUER"),
        ({**ENOUGH, "THROUGHLINE_ENV": "production"}, "THROUGHLINE_DEV_ISSUER"),
        ({**ENOUGH, "THROUGHLINE_HOST": "0.0.0.0"}, "THROUGHLINE_DEV_ISSUER"),
        ({**ENOUGH, "THROUGHLINE_HOST": "::"}, "THROUGHLINE_DEV_ISSUER"),
        ({**ENOUGH, "THROUGHLINE_HOST": "gateway"}, "THROUGHLINE_DEV_ISSUER"),
        ({**ENOUGH, "THROUGHLINE_HOST": ""}, "THROUGHLINE_DEV_ISSUER"),
        ({**ENOUGH, "THROUGHLINE_ENV": "Production"}, "THROUGHLINE_ENV"),
        ({**ENOUGH, "THROUGHLINE_ACCESS_KEY": ""}, "THROUGHLINE_ACCESS_KEY"),
        ({**ENOUGH, "THROUGHLINE_CLIENT_ID": "console"}, "THROUGHLINE_CLIENT_ID"),
        ({**ENOUGH, "THROUGHLINE_PUBLIC_URL": "https://crm.example"}, "THROUGHLINE_PUBLIC_URL"),
        ({**ENOUGH, "THROUGHLINE_LEEWAY": "-1"}, "THROUGHLINE_LEEWAY"),
        ({**ENOUGH, "THROUGHLINE_LEEWAY": "301"}, "THROUGHLINE_LEEWAY"),
        ({**ENOUGH, "THROUGHLINE_LEEWAY": "nan"}, "THROUGHLINE_LEEWAY"),
        ({**ENOUGH, "THROUGHLINE_SCOPE": "profile"}, "THROUGHLINE_SCOPE"),
        ({**ENOUGH, "THROUGHLINE_SESSION_IDLE": "59"}, "THROUGHLINE_SESSION_IDLE"),
        ({**ENOUGH, "THROUGHLINE_SESSION_LIFETIME": "3600"}, "THROUGHLINE_SESSION_IDLE"),
        (
            {
                **PUBLIC,
                "THROUGHLINE_ENV": "production",
                "THROUGHLINE_CLIENT_ID": "console",
                "THROUGHLINE_PUBLIC_URL": "http://127.0.0.1:8000",
            },
            "THROUGHLINE_PUBLIC_URL",
        ),
        ({**ENOUGH, "THROUGHLINE_CLIENT_SECRET": "x"}, "THROUGHLINE_CLIENT_ID"),
        ({**PUBLIC, "THROUGHLINE_CLIENT_SECRET": "x"}, "THROUGHLINE_CLIENT_ID"),
        ({**PUBLIC, "THROUGHLINE_AUDIENCE": ""}, "THROUGHLINE_AUDIENCE"),
        ({**PUBLIC, "THROUGHLINE_ISSUER": "http://id.example"}, "THROUGHLINE_ISSUER"),
        ({**PUBLIC, "THROUGHLINE_ISSUER": "id.example"}, "THROUGHLINE_ISSUER"),
        ({**PUBLIC, "THROUGHLINE_ISSUER": "https://a:b@id.example"}, "THROUGHLINE_ISSUER"),
        ({**PUBLIC, "THROUGHLINE_ISSUER": "https://id.example?x=1"}, "THROUGHLINE_ISSUER"),
        ({**PUBLIC, "THROUGHLINE_ISSUER": "https://id.example#x"}, "THROUGHLINE_ISSUER"),
        (
            {
                **PUBLIC,
                "THROUGHLINE_ENV": "production",
                "THROUGHLINE_ISSUER": "http://127.0.0.1:9000",
            },
            "THROUGHLINE_ISSUER",
        ),
        ({**PUBLIC, "THROUGHLINE_PUBLIC_URL": "http://crm.example"}, "THROUGHLINE_PUBLIC_URL"),
        ({**PUBLIC, "THROUGHLINE_PUBLIC_URL": "https://crm.example/x"}, "THROUGHLINE_PUBLIC_URL"),
        (
            {**PUBLIC, "THROUGHLINE_CLIENT_ID": "console", "THROUGHLINE_PUBLIC_URL": ""},
            "THROUGHLINE_PUBLIC_URL",
        ),
    ],
)
def test_a_sign_in_that_makes_no_sense_is_named(variables: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load_config(variables)


def test_a_provider_on_this_machine_needs_no_tls_in_development() -> None:
    assert load_config({**PUBLIC, "THROUGHLINE_ISSUER": "http://127.0.0.1:9000/realms/x"})


def test_secrets_are_not_shown() -> None:
    told = {
        **PUBLIC,
        "THROUGHLINE_CLIENT_ID": "console",
        "THROUGHLINE_CLIENT_SECRET": "sesame",
        "MONGODB_URI": "mongodb://crm:sesame@db/",
    }
    config = load_config(told)
    assert str(config.client_secret) == "sesame"
    assert "sesame" in str(config.mongodb_uri)
    assert "sesame" not in repr(config)
    assert "sesame" not in f"{config!r} {[config]}"


def test_a_gateway_without_services_does_not_start() -> None:
    with pytest.raises(ValueError, match="names no service"):
        load_config({})


def test_threads_leave_room_for_the_others() -> None:
    with pytest.raises(ValueError, match="THROUGHLINE_THREADS"):
        load_config({**ENOUGH, "THROUGHLINE_THREADS": "8"})


def test_the_settings_are_frozen() -> None:
    config = load_config(ENOUGH)
    with pytest.raises(AttributeError):
        config.port = 1
