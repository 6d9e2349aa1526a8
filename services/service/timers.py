"""What service does when time passes; `TIMERS` is all of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from events.mongodb import MAX_TIME_MS
from events.projection.reader import Views
from events.reactions import Reply
from events.reactions.timers import Due, Timer
from events.types import format_time
from services.service.domain.case import CASE
from services.service.domain.case_commands import NoticeLate


def late_cases(views: Views, now: datetime, limit: int) -> Iterable[Due]:
    """Open cases with a due time that has passed and is not on record as missed."""
    late = views.collection("cases").find({"alarm_at": {"$lt": now}}, {"alarm_at": 1})
    for case in late.sort("alarm_at", 1).limit(limit).max_time_ms(MAX_TIME_MS):
        command = NoticeLate(case_id=case["_id"], at=now)
        moment = format_time(case["alarm_at"])
        yield Due(f"{case['_id']}/{moment}", Reply(CASE, case["_id"], command))


TIMERS = (Timer("late-case", late_cases),)
