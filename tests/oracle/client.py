"""A client of the public API that writes down everything it is told.

A request without an answer (no connection, a time-out, a 5xx, a 409 that invites to try again) is
sent again with the same Idempotency-Key until there is one, or until patience ends: then it stays
in the journal as sent, and whether it took effect is for the checker to see.

The key is also the correlation id, so every event that a request led to carries it.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import requests

from tests.oracle.journal import Answer, Journal

TIMEOUT_SECONDS = 15.0
"""Longer than any answer may take, so that a time-out means a process or server is gone."""

TRY_AGAIN = frozenset({"conflict", "version-conflict", "in-flight"})
"""Endings of the problem types of a 409 that say so."""

READ_WAIT_SECONDS = 2

ACTOR, JOB = "oracle", "oracle-job"

Passes = Callable[[str, str], str]


class Client:
    """`urls` by service; with a gateway they are `<gateway>/v1/<service>`, else `<service>/v1`.
    `passes` gives the Authorization header for a service and an actor."""

    def __init__(
        self,
        urls: Mapping[str, str],
        journal: Journal,
        passes: Passes,
        patience_seconds: float = 60.0,
    ) -> None:
        self._urls = dict(urls)
        self._passes = passes
        self._journal = journal
        self._patience = patience_seconds
        self._local = threading.local()
        self._pace = random.Random(0)

    def command(
        self,
        service: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
    ) -> Answer | None:
        """The acknowledgement, or None when it was refused or nothing is known."""
        key = key or f"oracle-{uuid.uuid4().hex}"
        self._journal.write("sent", key=key, service=service, path=path)
        headers = {"Idempotency-Key": key, "X-Correlation-Id": key}
        if if_match:
            headers["If-Match"] = if_match
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            response = self._ask("POST", service, path, headers, body or {})
            if response is not None and _is_final(response):
                return self._settle(key, service, response)
            time.sleep(self._pace.uniform(0.05, 0.3))
        return None

    def job(self, service: str, path: str) -> None:
        """Starts one that makes a thousand commits of its own, and waits until it is done.

        Those have another actor: the journal knows nothing of them. Raises TimeoutError.
        """
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            # The same key names the same job, and takes it up again when its process was lost.
            response = self._ask("POST", service, path, headers, {}, JOB)
            answered = response is not None and response.status_code < 300
            if response is not None and answered and response.json()["status"] == "done":
                return
            time.sleep(0.3)
        raise TimeoutError(f"{service}{path}: {response and response.text}")

    def fresh_read(self, service: str, customer: str, answers: Iterable[Answer]) -> None:
        """Reads a customer's timeline with tokens: it shows these writes, or says it is stale."""
        expected = list(answers)
        headers = {
            "Consistency-Token": ", ".join(one.token for one in expected),
            "Prefer": f"wait={READ_WAIT_SECONDS}",
        }
        path = f"/customers/{customer}/timeline?limit=100"
        response = self._ask("GET", service, path, headers, None)
        if response is None or response.status_code != 200:
            return
        current = response.headers.get("Consistency") == "current"
        missing = self._missing(response, expected) if current else []
        broken = f"{service} of {customer}: lacks {', '.join(missing)}" if missing else None
        self._journal.write("read", stale=not current, broken=broken)

    @staticmethod
    def _missing(response: requests.Response, expected: Iterable[Answer]) -> list[str]:
        shown = response.json()["items"]
        ids = {entry["event_id"] for entry in shown}
        return [one.token for one in expected if len(shown) < 100 and not ids >= set(one.events)]

    def _ask(
        self,
        method: str,
        service: str,
        path: str,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | None,
        actor: str = ACTOR,
    ) -> requests.Response | None:
        signed = {**headers, "Authorization": self._passes(service, actor)}
        try:
            return self._session.request(
                method,
                self._urls[service] + path,
                headers=signed,
                json=body,
                timeout=TIMEOUT_SECONDS,
            )
        except requests.RequestException:
            return None

    def _settle(self, key: str, service: str, response: requests.Response) -> Answer | None:
        if response.status_code >= 300:
            problem = response.json().get("type")
            self._journal.write("refused", key=key, status=response.status_code, type=problem)
            return None
        told = response.json()
        one = Answer(key, service, told["stream"], told["version"], tuple(told["events"]))
        self._journal.answered(one)
        return one

    @property
    def _session(self) -> requests.Session:
        """One for each thread: sessions are not safe to share."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def _is_final(response: requests.Response) -> bool:
    """Whether sending the same again could not lead to another answer."""
    if response.status_code >= 500 or response.status_code == 429:
        return False
    if response.status_code != 409:
        return True
    return str(response.json().get("type", "")).rsplit(":", 1)[-1] not in TRY_AGAIN
