"""The public API as a caller sees it: requests through the gateway, and patience with a bound.

done = api.create("/v1/sales/orders", {...})
done = api.change(f"/v1/sales/orders/{done.id}/complete")
order = api.read(f"/v1/sales/orders/{done.id}", after=[done])
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter

BOUND_SECONDS = 20.0
"""How long a condition may take on a busy machine before it counts as never."""

POLL_SECONDS = 0.05
REQUEST_SECONDS = 30.0
THREADS = 16

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Done:
    """A command's answer."""

    id: str
    stream: str
    version: int
    events: tuple[str, ...]
    token: str
    replayed: bool

    @property
    def entry(self) -> str:
        """`_id` of its last event in every timeline."""
        return f"{self.stream}@{self.version:010d}"


class Api:
    """One caller; may be used by several threads. `sign` gives the Authorization header."""

    def __init__(self, gateway: str, sign: Callable[[], str] | None = None) -> None:
        self.gateway = gateway
        self._sign = sign
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))

    def get(self, path: str, params: Any = None, **headers: str) -> requests.Response:
        """Header names are spelled with underscores."""
        return self.ask("GET", path, params=params, headers=_spelled(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self.ask("POST", path, json={} if body is None else body, headers=_spelled(headers))

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Whatever `requests` can send; redirects are not followed."""
        headers = dict(more.pop("headers", None) or {})
        if self._sign is not None:
            headers.setdefault("Authorization", self._sign())
        return self._session.request(
            method,
            self.gateway + path,
            timeout=REQUEST_SECONDS,
            allow_redirects=False,
            headers=headers,
            **more,
        )

    def create(self, path: str, body: Any = None, **headers: str) -> Done:
        """A command that must succeed."""
        answer = self.post(path, body, **headers)
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        told = answer.json()
        return Done(
            told["id"],
            told["stream"],
            told["version"],
            tuple(told["events"]),
            answer.headers["Consistency-Token"],
            answer.headers.get("Idempotency-Replayed") == "true",
        )

    def change(self, path: str, body: Any = None, **headers: str) -> Done:
        """The same on whatever the aggregate is now."""
        return self.create(path, body, **{"If_Match": "*", **headers})

    def read(self, path: str, after: Sequence[Done] = (), **params: Any) -> Any:
        """The JSON of a read that must succeed, and must hold what was done."""
        headers = {"Prefer": "wait=10"}
        if after:
            headers["Consistency_Token"] = ",".join(done.token for done in after)
        answer = self.get(path, params, **headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        if after:
            assert answer.headers["Consistency"] == "current", f"{path} is behind {headers}"
        return answer.json()

    def pages(self, path: str, after: Sequence[Done] = (), **params: Any) -> list[Any]:
        """All items of a list, page by page."""
        page = self.read(path, after, **params)
        items = list(page["items"])
        while page["next_cursor"]:
            page = self.read(path, **{**params, "cursor": page["next_cursor"]})
            items += page["items"]
        return items


def _spelled(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def eventually(condition: Callable[[], Found], seconds: float = BOUND_SECONDS) -> Found:
    """What the condition gives once it is true; it may also fail by `assert` until then."""
    deadline = time.monotonic() + seconds
    while True:
        failure: AssertionError | None = None
        found: Found | None = None
        try:
            found = condition()
        except AssertionError as error:
            failure = error
        if found:
            return found
        if time.monotonic() > deadline:
            raise failure or AssertionError(f"not within {seconds} s: last was {found!r}")
        time.sleep(POLL_SECONDS)
