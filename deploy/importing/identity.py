"""What an import calls things: the same row of the same source has the same ids for ever.

Changing anything here makes the next run of an old import import everything a second time.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID, uuid5

from deploy.importing.purchases_file import Purchase
from events.types import CustomerId

NAMESPACE = UUID("6f3a2f0e-8d0c-5b1e-9c1b-7a54f1c2d9e8")
"""Ours alone, so that no other program's name-based ids can meet these."""


def customer_id(source: str, customer: str) -> CustomerId:
    return CustomerId(str(uuid5(NAMESPACE, f"{source}/customer/{customer}")))


def order_id(source: str, purchase: Purchase) -> str:
    return str(uuid5(NAMESPACE, f"{source}/order/{purchase.key}"))


def import_id(source: str, lines: list[str]) -> str:
    """The same lines of the same source are the same import, whatever the file is called."""
    digest = sha256("\n".join(lines).encode()).hexdigest()
    return str(uuid5(NAMESPACE, f"{source}/import/{digest}"))


def command_id(source: str, key: str) -> str:
    """Under which a store knows the row; `key` is the purchase's, or the customer's number."""
    return f"import:purchases:{source}/{key}"


def content_hash(content: str) -> str:
    return sha256(content.encode()).hexdigest()
