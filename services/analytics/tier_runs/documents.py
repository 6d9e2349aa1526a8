"""The runs' documents, and who works on a run: one process at a time, by a lease.

{_id, status: requested | running | done | failed | superseded, as_of, asked_as_of?, actor,
 correlation_id, requested_at, touched_at?, holder?, policy_version?, thresholds_event_id?,
 population?, after: <last customer judged>, assessed, moved: {<tier>: n}, finished_at?, error?}
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import structlog
from pymongo import ReturnDocument
from pymongo.collection import Collection

from events.commands import Commands
from events.deciding import Origin
from events.errors import Fenced, Rejected
from events.projection.view import Document
from events.types import new_id, utc_now
from services.analytics.tier_runs.run import Judged, Run

log = structlog.get_logger(__name__)

LEASE_SECONDS = 30
"""A chunk takes a second or two: a run that was not touched for this long has lost its worker."""


class Whole(Protocol):
    """The service's own reader: runs judge everybody, whoever asks for them."""

    def collection(self, name: str, /) -> Collection[Document]: ...


class TierRuns:
    """The runs of one service, in its own database beside the views."""

    def __init__(self, commands: Commands, views: Whole) -> None:
        self._commands = commands
        self._views = views

    @property
    def documents(self) -> Collection[Document]:
        return self._views.collection("customers").database["tier_runs"]

    def request(self, run_id: str, origin: Origin, as_of: datetime | None) -> Document:
        """The run's document: made when it is new, asked for again when it had failed.

        `as_of` None means now.
        """
        new = {
            "status": "requested",
            "as_of": as_of or origin.occurred_at,
            "asked_as_of": as_of,
            "actor": origin.actor,
            "correlation_id": origin.correlation_id or new_id(),
            "requested_at": origin.occurred_at,
            "after": "",
            "assessed": 0,
            "moved": {},
        }
        self.documents.update_one({"_id": run_id}, {"$setOnInsert": new}, upsert=True)
        again = {"$set": {"status": "requested"}, "$unset": {"error": ""}}
        self.documents.update_one({"_id": run_id, "status": "failed"}, again)
        return self.documents.find_one({"_id": run_id}) or {}

    def work(self, run_id: str) -> None:
        """Brings a run to its end, unless it has ended or somebody else is at it."""
        lease = Lease(self.documents, run_id)
        document = lease.take()
        if document is None:
            return
        try:
            self._work(Run(self._commands, self._views, document), lease)
        except Fenced:
            log.info("tier_run.taken_over", run_id=run_id)
        except Rejected as refusal:
            lease.give(status="failed", error={"code": refusal.code, "detail": refusal.detail})
        except Exception as error:
            log.exception("tier_run.failed", run_id=run_id)
            lease.give(status="failed", error={"code": "internal", "detail": type(error).__name__})

    def _work(self, run: Run, lease: Lease) -> None:
        standard = run.standard()
        if standard is None:
            lease.give(status="superseded")
            return
        lease.keep(
            policy_version=standard.policy.version,
            thresholds_event_id=standard.event_id,
            population=standard.thresholds.population,
        )
        for judged in run.judge(standard):
            lease.add(judged)
        lease.give(status="done", finished_at=utc_now())


class Lease:
    """One worker's hold on a run; every mark of progress renews it, by the database's clock."""

    def __init__(self, documents: Collection[Document], run_id: str) -> None:
        self._documents = documents
        self._mine = {"_id": run_id, "holder": new_id()}

    def take(self) -> Document | None:
        """None when the run has ended or its worker is alive."""
        silent = {"$subtract": ["$$NOW", "$touched_at"]}
        free: Document = {
            "$or": [
                {"status": "requested"},
                {"status": "running", "$expr": {"$gt": [silent, LEASE_SECONDS * 1000]}},
            ]
        }
        held = {"status": "running", "touched_at": "$$NOW", "holder": self._mine["holder"]}
        return self._documents.find_one_and_update(
            {"_id": self._mine["_id"], **free},
            [{"$set": held}],
            return_document=ReturnDocument.AFTER,
        )

    def keep(self, **fields: Any) -> None:
        """Raises Fenced when the run is somebody else's by now; so do the others."""
        self._change({"$set": fields, "$currentDate": {"touched_at": True}})

    def add(self, judged: Judged) -> None:
        moved = {f"moved.{tier}": number for tier, number in judged.moved.items()}
        self._change(
            {
                "$set": {"after": judged.last},
                "$inc": {"assessed": judged.customers, **moved},
                "$currentDate": {"touched_at": True},
            }
        )

    def give(self, **fields: Any) -> None:
        """Ends the hold."""
        self._change({"$set": fields, "$unset": {"holder": ""}})

    def _change(self, change: Mapping[str, Any]) -> None:
        if self._documents.update_one(self._mine, change).matched_count != 1:
            raise Fenced(f"run {self._mine['_id']} is held by somebody else")
