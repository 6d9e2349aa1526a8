"""application/problem+json (RFC 9457), the one form of every error that the gateway answers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from events.http.problem import MEDIA_TYPE, problem_body

__all__ = ["MEDIA_TYPE", "Refusal", "status_line"]


class Refusal(Exception):
    """A request that ends here: raised anywhere below the edge, answered by it as a problem.

    `code` is stable and kebab-case; `members` are added to the problem (`service` for example).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def problem(self, instance: str = "", trace: str = "") -> bytes:
        """The body; `instance` is the path of the request, `trace` its trace id."""
        return problem_body(
            self.status, self.code, self.detail, instance=instance, trace=trace, **self.members
        )


def status_line(status: int) -> str:
    """`404 Not Found`; ValueError for a status that is not registered."""
    return f"{status} {HTTPStatus(status).phrase}"
