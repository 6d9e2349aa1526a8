"""Which addresses a webhook may be sent to: those of the public internet, and no others.

A subscription names any host, so without this rule it would be a way to speak to whatever the
platform's own machines can reach. What is not certainly public is refused, also inside of the
forms in which IPv6 carries an IPv4 address.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses have been given out."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""Networks without IPv4 reach it so: the last 32 bits are the address that counts."""

_NEVER = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments, some of them "global"
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("168.63.129.16/32"),  # a cloud's host agent, public by its number only
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),  # 6to4 carries any IPv4 address
    IPv6Network("3fff::/20"),
)
"""What Python calls global, or may call so in another version, and is not for us."""


def is_public(address: Address) -> bool:
    """Global unicast, of no special purpose."""
    if isinstance(address, IPv6Address):
        if address in _NAT64 and address.scope_id is None:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _UNICAST or address.scope_id is not None:
            return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not any(address in one for one in _NEVER)


@dataclass(frozen=True, slots=True)
class Allow:
    """Networks that are allowed besides, over plain HTTP and at any port too: for receivers on
    the developer's own machine. Empty in production."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Allow:
        """Reads `127.0.0.0/8,::1/128`; raises ValueError naming the part that is wrong."""
        parts = filter(None, (part.strip() for part in text.split(",")))
        return cls(tuple(ipaddress.ip_network(part) for part in parts))

    def __bool__(self) -> bool:
        return bool(self.networks)

    def holds(self, address: Address) -> bool:
        return any(address in one for one in self.networks)


NOTHING = Allow()
