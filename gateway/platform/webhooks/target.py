"""A receiver's URL, taken apart once: what is connected to is what was judged."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gateway.platform.webhooks.addresses import NOTHING, Allow

MAX_CHARS = 2_000
PORTS = (443, 8443)

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")


class BadTarget(ValueError):
    """The URL can't be a receiver's; the text says what it must be."""


@dataclass(frozen=True, slots=True)
class Target:
    """`host` without brackets; `path` with its query. `plain` is HTTP without TLS."""

    plain: bool
    host: str
    port: int
    path: str

    @property
    def usual(self) -> bool:
        """Whether the URL alone is fit for the internet; another needs an allowed address."""
        return not self.plain and self.port in PORTS


def parse_target(url: str, allow: Allow = NOTHING) -> Target:
    """Raises BadTarget. Plain HTTP and unusual ports pass only where networks are allowed, and
    then only the addresses of these."""
    parts = _split(url)
    if parts.scheme not in (("https", "http") if allow else ("https",)):
        raise BadTarget("must begin with https://")
    if "@" in parts.netloc or "#" in url:
        raise BadTarget("must hold neither credentials nor a fragment")
    host = (parts.hostname or "").lower()
    if not _is_host(host) or ("[" in parts.netloc) != (":" in host):
        raise BadTarget("must name a host, international names in their xn-- form")
    try:
        port = parts.port
    except ValueError:
        raise BadTarget("must have a port between 1 and 65535") from None
    plain = parts.scheme == "http"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(plain, host, (80 if plain else 443) if port is None else port, path)
    if not target.usual and not allow:
        raise BadTarget(f"must have one of the ports {', '.join(map(str, PORTS))}")
    if target.port == 0:
        raise BadTarget("must have a port between 1 and 65535")
    return target


def _split(url: str) -> SplitResult:
    if len(url) > MAX_CHARS:
        raise BadTarget(f"must have at most {MAX_CHARS} characters")
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise BadTarget("must be printable ASCII, other characters percent-encoded")
    try:
        return urlsplit(url)
    except ValueError:
        raise BadTarget("must be a URL") from None


def _is_host(host: str) -> bool:
    if ":" not in host:
        return len(host) <= 253 and bool(_NAME.fullmatch(host))
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True
