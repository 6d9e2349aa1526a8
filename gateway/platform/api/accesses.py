"""Who looked at whom: the supervisor's question about reads of personal data."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from events.contracts.fields import Id, Text, Time
from events.http import Moment, Page, PageParams, Routes, Sort, page_of, views
from gateway.platform.views.accesses import FILTERS

accesses = Routes("accesses", "/v1/accesses", description="Who read personal data")


class AccessAnswer(Schema):
    """One reader, one operation, one record, within one hour."""

    id = Id()
    actor = Text(description="the reader's id in the directory")
    what = Text(description="<service>.<operation>")
    record = Text(required=False, description="the record's id; absent: a list")
    at = Time(description="the first time within the hour")
    correlation_id = Text()


class AccessParams(PageParams):
    """Whose reads, of which record, when; newest first."""

    actor = Id(required=False)
    record = Text(required=False, shortest=1, longest=200)
    what = Text(required=False, shortest=1, longest=200)
    since = Moment(description="not before this")
    until = Moment(description="before this")


@accesses.query("", AccessAnswer, AccessParams, many=True, right="access.read")
def list_accesses(params: dict[str, Any]) -> Page:
    """List reads of personal data, by reader or by record."""
    chosen: dict[str, Any] = {name: params[name] for name in FILTERS if name in params}
    bounds = {"$gte": params.get("since"), "$lt": params.get("until")}
    if within := {sign: at for sign, at in bounds.items() if at is not None}:
        chosen["at"] = within
    return page_of(
        views().collection("accesses"),
        chosen,
        sort=Sort.by("-at"),
        cursor=params["cursor"],
        limit=params["limit"],
    )
