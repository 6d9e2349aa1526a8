"""Sends one message to a receiver's URL, and is not made to send it anywhere else.

The host is resolved once, every address that it has must be allowed, and the connection goes to
one of exactly these: nobody can answer the check with one address and the connection with another.
The name stays in the Host header, in SNI and in the check of the certificate. Redirects are
answers like any other, proxies of the environment are not asked, nothing is decompressed.

The deadline is for all of it together, however slowly a receiver sends, and what it sends is read
up to a bound. A status that came in time counts, whatever follows it.
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import urllib3.exceptions

from gateway.platform.webhooks.addresses import NOTHING, Address, Allow, is_public
from gateway.platform.webhooks.resolving import Resolve, Resolver
from gateway.platform.webhooks.schedule import seconds_of
from gateway.platform.webhooks.target import BadTarget, Target, parse_target
from gateway.platform.webhooks.wire import ANSWER_BYTES, Line, Plain, Secure, Unsent, left

SECONDS = 15.0
BODY_BYTES = 512 * 1024
EXCERPT_CHARS = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try. `status` None: there was no answer, and `error` says why in a word.
    `retry_after` is the receiver's wish in seconds; `excerpt` the beginning of what it said."""

    status: int | None
    error: str | None
    ms: int
    retry_after: float | None = None
    excerpt: str = ""


class Sender:
    """Thread-safe. `allow` opens named networks, for development and tests."""

    def __init__(
        self,
        allow: Allow = NOTHING,
        *,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._allow = allow
        self._resolve = resolve or Resolver()
        self._trust = trust or ssl.create_default_context()
        self._seconds = seconds

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Never raises for what a receiver, its name or its network does."""
        began = time.monotonic()
        deadline = began + self._seconds
        status, retry_after, excerpt, error = None, None, "", None
        try:
            target = parse_target(url, self._allow)
            if len(body) > BODY_BYTES:
                raise Unsent("message-too-large")
            addresses = self._addresses(target, deadline)
            status, retry_after, excerpt = self._exchange(
                target, addresses, deadline, body, headers
            )
        except BadTarget:
            error = "bad-url"
        except Unsent as unsent:
            error = str(unsent)
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as failure:
            error = _word(failure, deadline)
        ms = round((time.monotonic() - began) * 1000)
        return Outcome(status, error, ms, retry_after, excerpt)

    def _addresses(self, target: Target, deadline: float) -> Sequence[str]:
        """All that the host has; raises Unsent when one of them is none of ours to speak to."""
        try:
            found = self._resolve(target.host, target.port)
        except TimeoutError:
            raise Unsent("timeout") from None
        except (OSError, UnicodeError):
            raise Unsent("unknown-host") from None
        if not found:
            raise Unsent("unknown-host")
        if not all(self._permits(ipaddress.ip_address(one), target) for one in found):
            raise Unsent("forbidden-address")
        left(deadline)
        return found

    def _permits(self, address: Address, target: Target) -> bool:
        return self._allow.holds(address) or (target.usual and is_public(address))

    def _exchange(
        self,
        target: Target,
        addresses: Sequence[str],
        deadline: float,
        body: bytes,
        headers: Mapping[str, str],
    ) -> tuple[int, float | None, str]:
        line = Line(addresses, target.port, deadline)
        connection = Plain(target, line) if target.plain else Secure(target, line, self._trust)
        try:
            connection.request(
                "POST",
                target.path,
                body=body,
                headers={**headers, "Connection": "close", "Accept-Encoding": "identity"},
                preload_content=False,
                decode_content=False,
                enforce_content_length=False,
            )
            answer = connection.getresponse()
            wish = seconds_of(answer.headers.get("Retry-After"))
            return answer.status, wish, _excerpt(answer)
        finally:
            connection.close()
            line.close()


def _excerpt(answer: Any) -> str:
    """The beginning of the answer's body; what breaks off while it is read changes nothing."""
    told = bytearray()
    try:
        while len(told) < ANSWER_BYTES and (piece := answer.read1(ANSWER_BYTES - len(told))):
            told += piece
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, Unsent):
        """The status has come, and that is the answer."""
    text = told.decode("utf-8", "replace")[:EXCERPT_CHARS]
    return "".join(one if one.isprintable() else " " for one in text)


def _word(failure: Exception, deadline: float) -> str:
    """Why there is no answer, in one of a few words: an exception's text may hold anything."""
    chain: BaseException | None = failure
    while chain is not None:
        if isinstance(chain, ssl.SSLCertVerificationError):
            return "bad-certificate"
        if isinstance(chain, TimeoutError | urllib3.exceptions.TimeoutError):
            return "timeout"
        if isinstance(chain, ssl.SSLError | urllib3.exceptions.SSLError):
            return "no-tls"
        if isinstance(chain, ConnectionRefusedError):
            return "connection-refused"
        chain = chain.__cause__ or chain.__context__
    return "timeout" if time.monotonic() >= deadline else "no-answer"
