"""Tier runs: judge all customers, in a thread of this process; look how far it is.

A run that lost its process is taken up again by the same request: with its Idempotency-Key.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Response
from marshmallow import Schema, fields

from events.contracts.fields import Count, Id, Nested, OneOf, Time
from events.errors import KeyReused, NotFound
from events.http import Routes
from events.http.commands import answer_job, origin_of_request
from events.http.documents import shown
from events.http.paging import MAX_TIME_MS
from events.http.runtime import runtime
from events.types import new_id, parse_time, utc_now
from services.analytics.tier_runs import TierRuns
from services.analytics.tier_runs.documents import LEASE_SECONDS

log = structlog.get_logger(__name__)

tier_runs = Routes("tier_runs", "/v1/tier-runs", description="Judging all customers at once")

STATUSES = ("requested", "running", "interrupted", "done", "failed", "superseded")


class TierRunBody(Schema):
    """`as_of` may lie in the past; absent: now."""

    as_of = Time(required=False)


class RunError(Schema):
    """Why a run failed."""

    code = fields.String(required=True)
    detail = fields.String(required=True)


class TierRunAnswer(Schema):
    """A run, and how far it is. `interrupted`: its process is gone, ask for it again."""

    id = Id()
    status = OneOf(*STATUSES)
    as_of = Time()
    requested_at = Time()
    finished_at = Time(required=False)
    policy_version = Count(required=False)
    thresholds_event_id = Id(required=False)
    population = Count(required=False, description="customers with a purchase in the window")
    assessed = Count(description="customers judged so far")
    moved = fields.Dict(
        keys=fields.String(),
        values=Count(),
        required=True,
        metadata={"description": "customers who came into a tier, by tier"},
    )
    error = Nested(RunError, required=False)


@tier_runs.job("", TierRunBody, TierRunAnswer, right="policy.publish")
def start_tier_run(body: dict[str, Any]) -> Response:
    """Compute the thresholds at a time, and judge every customer by them.

    The same Idempotency-Key names the same run: it is taken up again if it was interrupted.
    """
    origin, as_of = origin_of_request(), body.get("as_of")
    key = origin.command_id
    run_id = hashlib.sha256(key.encode()).hexdigest()[:32] if key else new_id()
    moment = parse_time(as_of) if as_of else None
    runs = _runs()
    document = runs.request(run_id, origin, moment)
    if key and document["asked_as_of"] != moment:
        raise KeyReused(key)
    threading.Thread(target=_work, args=(runs, run_id), name=f"run-{run_id}", daemon=True).start()
    return answer_job(_told(document))


def _work(runs: TierRuns, run_id: str) -> None:
    """A thread of its own: what stops it is told to the log, and the run can be taken up again."""
    try:
        runs.work(run_id)
    except Exception:
        log.exception("tier_run.stopped", run_id=run_id)


@tier_runs.query("/<id:run_id>", TierRunAnswer, right="policy.read")
def get_tier_run(run_id: str) -> dict[str, Any]:
    """How far a run is."""
    document = _runs().documents.find_one({"_id": run_id}, max_time_ms=MAX_TIME_MS)
    if document is None:
        raise NotFound("tier run", run_id)
    return _told(document)


def _runs() -> TierRuns:
    here = runtime()
    return TierRuns(here.commands, here.views)


def _told(document: dict[str, Any]) -> dict[str, Any]:
    answer = {name: document[name] for name in ("_id", *shown(TierRunAnswer)) if name in document}
    if answer["status"] == "running" and _silent(document["touched_at"]):
        answer["status"] = "interrupted"
    return answer


def _silent(touched_at: datetime) -> bool:
    return utc_now() - touched_at > timedelta(seconds=LEASE_SECONDS)
