"""Which request targets are let in."""

import posixpath
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.paths import split_target
from gateway.problems import Refusal


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/v1/sales/orders", "/v1/sales/orders", ""),
        ("/v1/sales/orders?limit=5&after=a%2Fb", "/v1/sales/orders", "limit=5&after=a%2Fb"),
        ("/v1/sales/orders/", "/v1/sales/orders/", ""),
        ("/v1/marketing/customers/a%20b", "/v1/marketing/customers/a%20b", ""),
        ("/v1/x/%C3%A9t%C3%A9", "/v1/x/%C3%A9t%C3%A9", ""),
        ("/v1/x/order-1@7", "/v1/x/order-1@7", ""),
        ("/v1/x/...", "/v1/x/...", ""),
        ("/v1/x?", "/v1/x", ""),
        ("/v1/x?a=?b", "/v1/x", "a=?b"),
    ],
)
def test_plain_targets_pass_unchanged(target: str, path: str, query: str) -> None:
    assert split_target(target) == (path, query)


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest",
        "//169.254.169.254/latest",
        "*",
        "",
        "?x=1",
        "/v1//sales",
        "/v1/sales/../../metrics",
        "/v1/sales/..",
        "/v1/./sales",
        "/v1/sales/%2e%2e/metrics",
        "/v1/sales/.%2E/metrics",
        "/v1/sales/..;/metrics",
        "/v1/sales/a%2fb",
        "/v1/sales/a%2Fb",
        "/v1/sales/a%5cb",
        "/v1/sales/a\\b",
        "/v1/sales/a%00b",
        "/v1/sales/a%0d%0aHost:%20x",
        "/v1/sales/a%7f",
        "/v1/sales/%zz",
        "/v1/sales/%2",
        "/v1/sales/%ff",
        "/v1/sales/a b",
        "/v1/sales/<x>",
        "/v1/sales/x#y",
        "/v1/sales?x=%00",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(target: str) -> None:
    with pytest.raises(Refusal) as refused:
        split_target(target)
    assert refused.value.status == 400


@settings(max_examples=200)
@given(st.text(alphabet="/.%2eEfF05cCa;~\\", max_size=14))
def test_no_accepted_path_leaves_its_prefix(tail: str) -> None:
    """Whoever decodes once more and normalises still ends under the prefix."""
    try:
        path, _ = split_target(f"/v1/sales/{tail}")
    except Refusal:
        return
    assert posixpath.normpath(unquote(path)).startswith("/v1/sales")
