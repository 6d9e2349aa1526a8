"""How Authlib's client speaks HTTP here: by the fetcher, so bounded in size and time.

Authlib makes the requests and reads the answers; a redirect, a flood or a silence in place of an
answer is `Unfetched`, as it is for the provider's documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from gateway.signin.fetching import Fetcher, Unfetched


class Answered:
    """What the provider answered, as Authlib asks about it."""

    def __init__(self, url: str, status: int, told: dict[str, Any]) -> None:
        self.status_code = status
        self._url = url
        self._told = told

    def json(self) -> dict[str, Any]:
        if self.status_code != 200 and "error" not in self._told:
            self.raise_for_status()
        return self._told

    def raise_for_status(self) -> None:
        raise Unfetched(f"{self._url} answered {self.status_code}")


class Asking:
    """The session that an OAuth2Client posts its forms with. Thread-safe; made after fork."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any
    ) -> Answered:
        """`auth` puts the client's id and secret where the provider wants them."""
        url, head, form = auth.prepare("POST", url, dict(headers), urlencode(data))
        return Answered(url, *self._fetcher.post(url, head, form))
