"""Time in state for anything, from its stream alone; and stages that cannot be skipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from deploy.local.endpoints import SERVICES
from tests.acceptance import stories
from tests.acceptance.api import Api, Done
from tests.acceptance.system import System


@pytest.mark.feature("S17")
def test_time_in_state_of_any_aggregate_follows_from_its_stream(system: System, api: Api) -> None:
    customer_id = stories.customer(api).id
    last = [
        *[ordered(api, customer_id), answered(api, customer_id)],
        *[led(api, customer_id), won(api, customer_id)],
    ]
    for done in last:
        moments = [datetime.fromisoformat(one["time"]) for one in published(system, api, done)]
        assert len(moments) == done.version
        for service in SERVICES:
            path = f"/v1/{service}/streams/{done.stream}/states"
            check(api.pages(path, after=[done]), moments)
            # A page's last state needs the first event of the next page.
            assert api.pages(path, limit=1) == api.pages(path)


def check(states: Sequence[dict[str, Any]], moments: Sequence[datetime]) -> None:
    assert [state["version"] for state in states] == list(range(1, len(moments) + 1))
    assert [datetime.fromisoformat(state["at"]) for state in states] == list(moments)
    *ended, present = [state["seconds_until_next"] for state in states]
    assert present is None
    assert ended == [(b - a).total_seconds() for a, b in pairwise(moments)]
    assert sum(ended) == pytest.approx((moments[-1] - moments[0]).total_seconds())


def published(system: System, api: Api, done: Done) -> list[dict[str, Any]]:
    """The stream on its topic, once its last event is there."""
    context = "service" if done.stream.startswith("case") else "sales"
    if done.stream.startswith("lead"):
        context = "marketing"
    api.read("/v1/analytics/totals", after=[done])
    return sorted(system.topics.stream(context, done.stream), key=lambda one: one["sequence"])


def ordered(api: Api, customer_id: str) -> Done:
    return stories.purchase(api, customer_id)


def answered(api: Api, customer_id: str) -> Done:
    case_id = stories.case(api, customer_id).id
    api.change(f"/v1/service/cases/{case_id}/respond")
    stories.resolve(api, case_id)
    api.change(f"/v1/service/cases/{case_id}/reopen", {"reason": "still_broken"})
    stories.resolve(api, case_id)
    return api.change(f"/v1/service/cases/{case_id}/close")


def led(api: Api, customer_id: str) -> Done:
    lead = stories.lead(api, customer_id)
    return api.change(f"/v1/marketing/leads/{lead.id}/disqualify", {"reason": "no_budget"})


def won(api: Api, customer_id: str) -> Done:
    opportunity_id = stories.opportunity(api, customer_id).id
    path = f"/v1/sales/opportunities/{opportunity_id}"
    for stage in ("propose", "negotiate"):
        api.change(f"{path}/advance", {"to": stage})
    return api.change(f"{path}/win", {"reason": "price"})


# --- project sales


STAGES = {
    "contact": ["need_documented", "sponsor_named"],
    "solution_design": ["design_accepted"],
    "solution_proof": ["proof_passed"],
    "tender": [],
}


@pytest.mark.feature("S19")
def test_a_project_goes_through_its_stages_by_evidence_and_skips_none(api: Api) -> None:
    opened = stories.opportunity(api, stories.customer(api).id, pipeline="project")
    path = f"/v1/sales/opportunities/{opened.id}"
    names, version, done = list(STAGES), 1, opened
    for here, following in pairwise(names):
        enough = evidence(STAGES[here])
        for beyond in (name for name in names if name != following):
            refused(api, path, {"to": beyond, "evidence": enough}, version)
        for missing in range(len(enough)):
            part = [one for at, one in enumerate(enough) if at != missing]
            refused(api, path, {"to": following, "evidence": part}, version)
        won_early = api.post(f"{path}/win", {"reason": "price"}, If_Match="*")
        assert won_early.status_code == 409
        done = api.change(f"{path}/advance", {"to": following, "evidence": enough})
        version += 1
        assert done.version == version
    won = api.change(f"{path}/win", {"reason": "price"})
    shown = api.read(path, after=[won])
    assert (shown["status"], shown["stage"]) == ("won", "tender")
    assert [stage["stage"] for stage in shown["stages"]] == names
    for stage in shown["stages"][:-1]:
        assert stage["evidence"] == evidence(STAGES[stage["stage"]])


def evidence(criteria: Sequence[str]) -> list[dict[str, str]]:
    return [{"criterion": one, "reference": f"minutes of {one}"} for one in criteria]


def refused(api: Api, path: str, body: dict[str, Any], version: int) -> None:
    """409, and nothing has happened: the version is what it was."""
    answer = api.post(f"{path}/advance", body, If_Match=f'"{version}"')
    assert answer.status_code == 409, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
