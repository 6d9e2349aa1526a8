"""How one variable of the environment is read: converted, or refused by its name."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import environ


def variable(name: str, help: str, default: str = "", converter: Callable[[str], Any] = str) -> Any:
    def convert(text: str) -> Any:
        try:
            return converter(text)
        except ValueError as wrong:
            raise ValueError(f"{name}: {wrong}") from None

    return environ.var(default=default, converter=convert, name=name, help=help)


def stage(text: str) -> str:
    if text not in ("development", "production"):
        raise ValueError(f"{text!r} is not development or production")
    return text


class Secret(str):
    """A text that shows only when it is asked for by `str`: not in a `repr`, so in no log."""

    def __repr__(self) -> str:
        return "<secret>"


def origin(text: str) -> str:
    """As browsers write it: in small letters, without a port that goes without saying."""
    where = urlsplit(text)
    host = where.hostname or ""
    known = where.scheme == "https" or (where.scheme == "http" and is_loopback(host))
    if text and (not known or not host or where.username or where.path.strip("/") or where.query):
        raise ValueError(f"{text!r} is not https://<host>")
    name = f"[{host}]" if ":" in host else host
    usual = where.port in (None, 443 if where.scheme == "https" else 80)
    return f"{where.scheme}://{name}" + ("" if usual else f":{where.port}") if text else ""


def level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"{text!r} is not debug, info, warning or error")
    return text.lower()


def seconds(least: float, most: float) -> Callable[[str], float]:
    """A duration between the two."""

    def convert(text: str) -> float:
        found = float(text)
        if not least <= found <= most:
            raise ValueError(f"{text} is not between {least:g} and {most:g}")
        return found

    return convert


def scope(text: str) -> str:
    """What is asked of an OpenID provider."""
    if "openid" not in text.split():
        raise ValueError(f"{text!r} lacks openid: nobody would say who signed in")
    return text


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Judges the text only: a name other than `localhost` may resolve to anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
