"""What the gateway's process holds of its own house: who may come in, and what they looked at.

It reads the directory from the platform's event store itself, not from a view: what an
administrator took away is gone within seconds, also while Kafka is away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from events.access.tokens import Signer
from events.commands import Commands
from events.mongodb import connect, database
from events.store.mongo import MongoEventStore
from gateway.accesses import Accesses
from gateway.callers import Callers
from gateway.config import GatewayConfig
from gateway.directory import Directory
from gateway.signin import SignIn

CONTEXT = "platform"


@dataclass(frozen=True)
class Household:
    """Made after fork."""

    signin: SignIn
    directory: Directory
    callers: Callers
    accesses: Accesses


def household(config: GatewayConfig) -> Household:
    """Opens what the gateway needs of the platform's database."""
    client = connect(config.mongodb_uri, "throughline-gateway")
    db = database(client, f"{config.database_prefix}{CONTEXT}")
    store = MongoEventStore(db, CONTEXT)
    store.prepare()
    signin = SignIn(config, db)
    directory = Directory(store).start()
    signer = Signer.from_file(Path(config.access_key))
    callers = Callers(signin.identify, directory, signer)
    return Household(signin, directory, callers, Accesses(Commands(store)))
