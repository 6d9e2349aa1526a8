"""One service as the gateway sees it: pooled connections, bounded load, four ways to fail.

A service that is slow or dead must not take the others with it, so each has a fixed number of
slots; a request beyond them is refused at once. Slots are what a circuit breaker would be for,
without a state that has to guess when the service is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.response import BaseHTTPResponse

from gateway.bodies import NOTHING, PIECE, Body
from gateway.config import Address
from gateway.problems import Refusal
from gateway.timeouts import READS
from gateway.wire import LeanConnection

PATIENCE_SECONDS = 0.05
"""A slot is usually free again within one request's time: waiting that long smooths bursts,
waiting longer would let a slow service occupy the threads that are kept for the others."""

RETRY_AFTER = {"Retry-After": "1"}

_NO_RETRY = urllib3.Retry(False, redirect=False)
"""Nothing is sent twice by the library: what is safe to repeat is decided in `Upstream.send`."""


class ServiceAway(Refusal):
    """The service cannot be reached, or broke the connection."""

    def __init__(self, service: str, detail: str) -> None:
        super().__init__(503, "service-away", detail, RETRY_AFTER, service=service)


class ServiceBusy(Refusal):
    """All slots of the service are taken."""

    def __init__(self, service: str) -> None:
        detail = f"the {service} service has too many requests under way"
        super().__init__(503, "service-busy", detail, RETRY_AFTER, service=service)


class ServiceLate(Refusal):
    """The service did not answer in time. A command may have taken effect all the same."""

    def __init__(self, service: str) -> None:
        detail = f"the {service} service did not answer in time; {_UNKNOWN}"
        super().__init__(504, "service-late", detail, service=service)


class ServiceGarbled(Refusal):
    """The service answered something that is not HTTP, or only a part of it."""

    def __init__(self, service: str) -> None:
        detail = f"the answer of the {service} service could not be read; {_UNKNOWN}"
        super().__init__(502, "service-garbled", detail, service=service)


_UNKNOWN = "repeat a command with the same Idempotency-Key to learn whether it took effect"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to a service; `timeout` in seconds of silence."""

    method: str
    target: str
    headers: dict[str, str]
    timeout: float
    body: Body = NOTHING


class Answer:
    """A service's answer whose body is still to be read. Close it, always."""

    def __init__(self, response: BaseHTTPResponse, service: str, done: Callable[[], None]) -> None:
        self.status = response.status
        self.headers = response.headers
        self._response = response
        self._service = service
        self._done = done
        self._open = True

    @property
    def is_small(self) -> bool:
        """Whether the body is known to fit into one piece."""
        length = self._response.length_remaining
        return length is not None and length <= PIECE

    def read(self) -> bytes:
        """The whole body: only for small ones."""
        try:
            return self._response.read()
        except HTTPError as error:
            raise _failure(error, self._service) from error
        finally:
            self.close()

    def pieces(self) -> Iterator[bytes]:
        """The body in pieces as they arrive; raises a refusal when it breaks off."""
        try:
            yield from self._response.stream(PIECE, decode_content=False)
        except HTTPError as error:
            raise _failure(error, self._service) from error

    def close(self) -> None:
        """Gives the slot back; a connection whose body was not read to its end is closed."""
        if self._open:
            self._open = False
            if not self._response.closed:
                self._response.close()
            self._response.release_conn()
            self._done()


class Upstream:
    """The connections to one service. Thread-safe; made after fork, one per process."""

    def __init__(self, address: Address, slots: int, connect_timeout: float) -> None:
        self.name = address.name
        self.slots = slots
        self.authority = f"{address.host}:{address.port}"
        self._connect_timeout = connect_timeout
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(slots):
            self._free.put(None)
        self._pool = urllib3.HTTPConnectionPool(address.host, address.port, maxsize=slots)
        self._pool.ConnectionCls = LeanConnection

    @property
    def in_flight(self) -> int:
        return self.slots - self._free.qsize()

    def send(self, request: Outgoing) -> Answer:
        """Sends and waits for the head of the answer; raises one of the four refusals above.

        Only a read is ever repeated, once, when a kept connection turned out to be closed.
        """
        self._take_slot()
        try:
            return Answer(self._respond(request), self.name, self._give_slot)
        except BaseException:
            self._give_slot()
            raise

    def _take_slot(self) -> None:
        try:
            self._free.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise ServiceBusy(self.name) from None

    def _give_slot(self) -> None:
        self._free.put(None)

    def _respond(self, request: Outgoing) -> BaseHTTPResponse:
        try:
            return self._exchange(request)
        except HTTPError as error:
            if not _repeatable(request, error):
                raise _failure(error, self.name) from error
        try:
            return self._exchange(request)
        except HTTPError as error:
            raise _failure(error, self.name) from error

    def _exchange(self, request: Outgoing) -> BaseHTTPResponse:
        return self._pool.urlopen(
            request.method,
            request.target,
            body=request.body.content,
            headers=request.headers,
            chunked=request.body.content is not None and request.body.length is None,
            timeout=urllib3.Timeout(connect=self._connect_timeout, read=request.timeout),
            retries=_NO_RETRY,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )


def _repeatable(request: Outgoing, error: HTTPError) -> bool:
    return (
        request.method in READS
        and request.body is NOTHING
        and isinstance(error, ProtocolError)
        and any(isinstance(cause, ConnectionError) for cause in error.args)
    )


def _failure(error: HTTPError, service: str) -> Refusal:
    if isinstance(error, NewConnectionError | ConnectTimeoutError | NameResolutionError):
        return ServiceAway(service, f"the {service} service is away; nothing was changed")
    if isinstance(error, ReadTimeoutError):
        return ServiceLate(service)
    if any(isinstance(cause, ConnectionError) for cause in error.args):
        return ServiceAway(service, f"the {service} service broke the connection; {_UNKNOWN}")
    return ServiceGarbled(service)
