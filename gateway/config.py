"""Everything the gateway can be told from outside, read once into a frozen object.

docs/reference/configuration.md is generated from here and compared in a test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast
from urllib.parse import urlsplit

import environ

from gateway.variables import Secret, is_loopback, level, origin, scope, seconds, stage, variable

__all__ = ["GatewayConfig", "is_loopback", "load_config"]

DEV_ISSUER_PATH = "/dev/issuer"

OWN_NAMES = frozenset({"customers", "events", "openapi.json", "search"})
"""First segments under /v1 that are the gateway's: no service may have these names."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service listens: plain HTTP inside the private network."""

    name: str
    host: str
    port: int


def parse_upstreams(text: str) -> Mapping[str, Address]:
    """Reads `sales=http://127.0.0.1:7002,…`; raises ValueError naming the part that is wrong."""
    upstreams = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        address = _parse_upstream(part)
        if address.name in upstreams:
            raise ValueError(f"{address.name!r} is named twice")
        upstreams[address.name] = address
    return MappingProxyType(upstreams)


def _parse_upstream(part: str) -> Address:
    name, _, url = part.partition("=")
    where = urlsplit(url)
    plain = where.scheme == "http" and where.hostname and where.port
    if not plain or where.path.strip("/") or where.query or where.username:
        raise ValueError(f"{part!r} is not <name>=http://<host>:<port>")
    if not name.isidentifier() or name in OWN_NAMES:
        raise ValueError(f"{name!r} cannot name a service")
    return Address(name, cast(str, where.hostname), cast(int, where.port))


@environ.config(prefix="", frozen=True)
class GatewayConfig:
    """The gateway's settings. Durations are seconds, sizes are bytes."""

    host: str = variable("THROUGHLINE_HOST", "address to listen on", "127.0.0.1")
    port: int = variable("THROUGHLINE_PORT", "port to listen on", "8000", int)
    upstreams: Mapping[str, Address] = variable(
        "THROUGHLINE_UPSTREAMS",
        "the services: <name>=http://<host>:<port>, comma separated",
        "",
        parse_upstreams,
    )
    workers: Mapping[str, Address] = variable(
        "THROUGHLINE_WORKERS",
        "the health addresses of the services' workers, for the status page, written in the same"
        " way; what is not named is shown as unknown",
        "",
        parse_upstreams,
    )
    environment: str = variable(
        "THROUGHLINE_ENV", "development or production", "development", stage
    )
    issuer: str = variable(
        "THROUGHLINE_ISSUER",
        "the OpenID provider that signs people and machines in: its issuer URL",
    )
    dev_issuer: str = variable(
        "THROUGHLINE_DEV_ISSUER",
        "instead of a provider: the key file of the built-in development issuer; refused in"
        " production and beyond loopback",
    )
    audience: str = variable(
        "THROUGHLINE_AUDIENCE", "what access tokens must be meant for (`aud`)", "throughline"
    )
    client_id: str = variable(
        "THROUGHLINE_CLIENT_ID",
        "this gateway at the provider, to sign in people with browsers; empty: no browsers",
    )
    client_secret: str = variable(
        "THROUGHLINE_CLIENT_SECRET",
        "its secret there; empty for a public client, which PKCE alone protects",
        "",
        Secret,
    )
    scope: str = variable(
        "THROUGHLINE_SCOPE",
        "what it asks the provider for; some give refresh tokens for offline_access only",
        "openid profile",
        scope,
    )
    leeway: float = variable(
        "THROUGHLINE_LEEWAY",
        "seconds by which the provider's clock and ours may differ",
        "30",
        seconds(0, 300),
    )
    session_idle: float = variable(
        "THROUGHLINE_SESSION_IDLE",
        "seconds after which a browser's session that nobody uses is over",
        "7200",
        seconds(60, 604_800),
    )
    session_lifetime: float = variable(
        "THROUGHLINE_SESSION_LIFETIME",
        "seconds after which a browser's session is over, used or not",
        "43200",
        seconds(60, 604_800),
    )
    public_url: str = variable(
        "THROUGHLINE_PUBLIC_URL",
        "where browsers find this gateway: https://<host>; by default http://<host>:<port> of"
        " this machine",
        "",
        origin,
    )
    access_key: str = variable(
        "THROUGHLINE_ACCESS_KEY",
        "file with the private key (PKCS #8, Ed25519) that signs for the services who asks",
    )
    mongodb_uri: str = variable(
        "MONGODB_URI",
        "MongoDB replica set of the platform's own database, where the directory is",
        "mongodb://127.0.0.1:27017",
        Secret,
    )
    database_prefix: str = variable(
        "THROUGHLINE_DATABASE_PREFIX", "the database is <prefix>platform", "throughline_"
    )
    threads: int = variable("THROUGHLINE_THREADS", "requests served at the same time", "24", int)
    body_limit: int = variable(
        "THROUGHLINE_BODY_LIMIT", "largest request body in bytes (413 above)", "1048576", int
    )
    connect_timeout: float = variable(
        "THROUGHLINE_CONNECT_TIMEOUT", "seconds to reach a service", "1", float
    )
    command_timeout: float = variable(
        "THROUGHLINE_COMMAND_TIMEOUT", "seconds a service has to answer a command", "10", float
    )
    read_timeout: float = variable(
        "THROUGHLINE_READ_TIMEOUT",
        "seconds a service has to answer a read, besides the wait that Prefer asks for",
        "15",
        float,
    )
    part_timeout: float = variable(
        "THROUGHLINE_PART_TIMEOUT",
        "seconds each service has for its part of GET /v1/customers/{id} and of its timeline,"
        " besides the wait for a Consistency-Token",
        "1.5",
        float,
    )
    client_timeout: float = variable(
        "THROUGHLINE_CLIENT_TIMEOUT",
        "seconds of silence after which a client that sends or reads is given up",
        "15",
        float,
    )
    keepalive: int = variable(
        "THROUGHLINE_KEEPALIVE",
        "seconds an idle client connection is kept: above what clients and balancers keep",
        "75",
        int,
    )
    grace: int = variable(
        "THROUGHLINE_GRACE", "seconds that running requests have after SIGTERM", "25", int
    )
    log_level: str = variable(
        "THROUGHLINE_LOG_LEVEL", "debug, info, warning or error", "info", level
    )

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def public(self) -> bool:
        """Whether others than this machine can reach the gateway."""
        return not is_loopback(self.host)

    @property
    def issuer_in_use(self) -> str:
        """The issuer that tokens must name."""
        return f"{self.own_url}{DEV_ISSUER_PATH}" if self.dev_issuer else self.issuer

    @property
    def own_url(self) -> str:
        """Where this gateway listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Where browsers find this gateway."""
        return self.public_url or self.own_url


def load_config(variables: Mapping[str, str] | None = None) -> GatewayConfig:
    """Reads the environment; raises ValueError naming the variable that makes no sense."""
    source = os.environ if variables is None else variables
    config = environ.to_config(GatewayConfig, environ=dict(source))
    if not config.upstreams:
        raise ValueError("THROUGHLINE_UPSTREAMS names no service")
    if strangers := set(config.workers) - set(config.upstreams):
        raise ValueError(f"THROUGHLINE_WORKERS names no service: {', '.join(sorted(strangers))}")
    if config.threads < 2 * RESERVE:
        raise ValueError(f"THROUGHLINE_THREADS is {config.threads}: at least {2 * RESERVE}")
    _check_sign_in(config)
    return config


def _check_sign_in(config: GatewayConfig) -> None:
    """Nobody is let in by a slip of configuration."""
    if not config.access_key:
        raise ValueError("THROUGHLINE_ACCESS_KEY names no file: services would believe nobody")
    if not config.audience:
        raise ValueError("THROUGHLINE_AUDIENCE is empty: tokens for anybody would do")
    if bool(config.issuer) == bool(config.dev_issuer):
        raise ValueError(
            "one of THROUGHLINE_ISSUER and THROUGHLINE_DEV_ISSUER says who signs people in"
        )
    if config.session_idle > config.session_lifetime:
        raise ValueError("THROUGHLINE_SESSION_IDLE is longer than THROUGHLINE_SESSION_LIFETIME")
    if config.dev_issuer:
        _check_dev_issuer(config)
    else:
        _check_issuer(config)


def _check_dev_issuer(config: GatewayConfig) -> None:
    if config.production:
        raise ValueError("THROUGHLINE_DEV_ISSUER signs anybody in: it is refused in production")
    if config.public:
        raise ValueError(
            f"THROUGHLINE_HOST is {config.host!r}, and THROUGHLINE_DEV_ISSUER signs anybody in:"
            " it works on loopback only"
        )
    if config.client_id or config.client_secret:
        raise ValueError("THROUGHLINE_CLIENT_ID is for a provider, not for THROUGHLINE_DEV_ISSUER")
    if config.public_url:
        raise ValueError("THROUGHLINE_PUBLIC_URL is for a provider, not for THROUGHLINE_DEV_ISSUER")


def _check_issuer(config: GatewayConfig) -> None:
    where = urlsplit(config.issuer)
    near = where.scheme == "http" and is_loopback(where.hostname or "") and not config.production
    if not (near or where.scheme == "https") or not where.hostname or where.username:
        raise ValueError(f"THROUGHLINE_ISSUER is {config.issuer!r}, not https://<host>/...")
    if where.query or where.fragment:
        raise ValueError("THROUGHLINE_ISSUER has a query or a fragment")
    if config.client_secret and not config.client_id:
        raise ValueError("THROUGHLINE_CLIENT_ID is empty, but THROUGHLINE_CLIENT_SECRET is not")
    if config.client_id and config.public and not config.public_url:
        raise ValueError("THROUGHLINE_PUBLIC_URL says where browsers find a public gateway")
    if config.client_id and config.production and not config.origin.startswith("https:"):
        raise ValueError("THROUGHLINE_PUBLIC_URL is not https: sessions would travel in the open")


RESERVE = 8
"""Threads that no single service may occupy: what is left for the others and for health."""
