"""Where a webhook may never go, and which URLs can be a receiver's."""

from __future__ import annotations

import ipaddress

import pytest

from gateway.platform.webhooks.addresses import Allow, is_public
from gateway.platform.webhooks.target import BadTarget, Target, parse_target

PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:81b::200e",
          "64:ff9b::808:808")  # fmt: skip

FORBIDDEN = {
    "unspecified": ("0.0.0.0", "0.1.2.3", "::"),
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fec0::1"),
    "link-local and metadata": ("169.254.169.254", "169.254.0.1", "fe80::1", "fd00:ec2::254"),
    "a link-local with its interface": ("fe80::1%1", "2606:4700::1111%1"),
    "carrier-grade NAT": ("100.64.0.1", "100.100.100.200", "100.127.255.255"),
    "metadata behind a public number": ("168.63.129.16",),
    "multicast": ("224.0.0.1", "239.255.255.250", "ff02::1"),
    "reserved and broadcast": ("240.0.0.1", "255.255.255.255"),
    "documentation, benchmarks, assignments": (
        "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.0.0.9", "192.0.0.192",
        "192.88.99.1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"),
    "IPv4 within IPv6": (
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808",
        "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "2001:0:7f00:1::",
        "::ffff:0:127.0.0.1"),
}  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_allowed(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, one) for kind, all in FORBIDDEN.items() for one in all]
)
def test_everything_else_is_not(kind: str, address: str) -> None:
    assert not is_public(ipaddress.ip_address(address)), kind


def test_allowed_networks_are_named_one_by_one() -> None:
    allow = Allow.parse(" 127.0.0.0/8, ::1/128 ,")
    assert allow
    assert allow.holds(ipaddress.ip_address("127.0.0.9"))
    assert allow.holds(ipaddress.ip_address("::1"))
    assert not allow.holds(ipaddress.ip_address("10.0.0.1"))
    assert not Allow.parse("")
    with pytest.raises(ValueError, match="localhost"):
        Allow.parse("localhost")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org", Target(False, "example.org", 443, "/")),
        ("https://Example.ORG:8443/a?b=c", Target(False, "example.org", 8443, "/a?b=c")),
        ("https://xn--bcher-kva.example/%20", Target(False, "xn--bcher-kva.example", 443, "/%20")),
        ("https://[2606:4700::1111]/", Target(False, "2606:4700::1111", 443, "/")),
        ("https://example.org.", Target(False, "example.org.", 443, "/")),
    ],
)  # fmt: skip
def test_a_receivers_url_is_taken_apart(url: str, target: Target) -> None:
    assert parse_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org",
        "http://example.org",
        "ftp://example.org",
        "https://",
        "https:///path",
        "https://user@example.org",
        "https://user:secret@example.org",
        "https://example.org#fragment",
        "https://example.org:22",
        "https://example.org:80",
        "https://example.org:0",
        "https://example.org:99999",
        "https://example.org:x",
        "https://exa mple.org",
        "https://example.org/\r\nHost: evil",
        "https://example.org\\@evil.org",
        "https://bücher.example",
        "https://-example.org",
        "https://exa..mple.org",
        "https://[::1",
        "https://[v1.x]/",
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_what_is_no_receivers_url_is_refused(url: str) -> None:
    with pytest.raises(BadTarget):
        parse_target(url)


def test_plain_http_and_other_ports_pass_only_where_networks_are_allowed() -> None:
    allow = Allow.parse("127.0.0.0/8")
    assert parse_target("http://127.0.0.1:8080/x", allow) == Target(True, "127.0.0.1", 8080, "/x")
    assert parse_target("http://localhost", allow).port == 80
    with pytest.raises(BadTarget, match="credentials"):
        parse_target("http://a:b@127.0.0.1:8080/x", allow)
