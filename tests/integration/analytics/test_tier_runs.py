"""Runs over all customers: thresholds, tiers, evidence; interrupted, repeated, raced."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from events.deciding import Origin
from events.errors import Fenced
from services.analytics.tier_runs import TierRuns
from services.analytics.tier_runs import run as run_module
from services.analytics.tier_runs.documents import Lease
from tests.access import a_caller
from tests.house import House
from tests.integration.analytics.helpers import AS_OF, NOON, POLICY_2, bought, ended, run
from tests.unit.http.depot import is_problem

pytestmark = pytest.mark.integration


def tiers(analytics: House) -> dict[str, str]:
    found = analytics.views.collection("customers").find({"tier": {"$exists": True}})
    return {one["_id"]: one["tier"] for one in found}


def moves(analytics: House) -> list[str]:
    """Customers who moved, once for each move."""
    commits = [one for one in analytics.commits() if one["stream"].startswith("insight-")]
    return sorted(one["stream"].removeprefix("insight-") for one in commits)


def population(size: int, seed: int = 7) -> dict[str, list[tuple[float, Decimal]]]:
    """Customers with up to four purchases (days ago, amount) in the last 500 days."""
    random = Random(seed)
    return {
        f"c-{number:03d}": [
            (random.randrange(500), Decimal(random.randrange(1, 50_000)) / 100)
            for _ in range(random.randrange(1, 5))
        ]
        for number in range(size)
    }


def hear(analytics: House, people: dict[str, list[tuple[float, Decimal]]]) -> None:
    analytics.hear(
        *(
            bought(customer, f"{amount:.2f}", days, number)
            for customer, purchases in people.items()
            for number, (days, amount) in enumerate(purchases)
        )
    )


def expected(people: dict[str, list[tuple[float, Decimal]]]) -> dict[str, str]:
    """The four tiers in plain Python: the first 1 % by value in a year, the first 80 % of it."""
    value = {who: sum(a for days, a in bought if days < 365) for who, bought in people.items()}
    active = sorted((v for v in value.values() if v), reverse=True)
    excluded = active[int(len(active) * Decimal("0.01"))]
    reached = Decimal(0)
    for caring in active:
        reached += caring
        if reached >= sum(active) * Decimal("0.80"):
            break

    def tier(amount: Decimal) -> str:
        if not amount:
            return "indifferent"
        return "vip" if amount > excluded else "caring" if amount >= caring else "adaptive"

    return {who: tier(Decimal(amount)) for who, amount in value.items()}


@pytest.mark.feature("S117")
def test_a_run_gives_each_customer_the_tier_that_plain_arithmetic_gives(
    analytics: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "CHUNK", 50)
    people = population(220)
    hear(analytics, people)

    done = run(analytics)

    wanted = expected(people)
    assert tiers(analytics) == wanted
    assert set(wanted.values()) == {"vip", "caring", "adaptive", "indifferent"}
    assert (done["status"], done["assessed"], done["policy_version"]) == ("done", 220, 1)
    assert done["moved"] == {
        name: list(wanted.values()).count(name) for name in set(wanted.values())
    }
    assert done["population"] == sum(tier != "indifferent" for tier in wanted.values())
    assert analytics.get("/v1/totals").json["tiers"] == done["moved"]


def test_the_limits_say_which_publication_set_their_rules(analytics: House) -> None:
    """Of two that were published, the one that was in force: also of the built-in policy."""
    analytics.hear(bought("ada", "90.00"), bought("bob", "1.00"))
    first = run(analytics)
    (published,) = analytics.post("/v1/tier-policies", POLICY_2).json["events"]
    second = run(analytics)
    causes = {
        event["id"]: commit.get("causation_id")
        for commit in analytics.commits()
        for event in commit["events"]
    }
    built_in = causes[first["thresholds_event_id"]]
    assert built_in in causes
    assert causes[second["thresholds_event_id"]] == published != built_in


def test_each_move_says_by_what_it_was_decided(analytics: House) -> None:
    analytics.hear(bought("ada", "90.00"), bought("bob", "1.00"))

    analytics.client = analytics.client_of(a_caller("director", subject="olga"))
    done = run(analytics, X_Correlation_Id="night-1")

    (entry,) = [
        one
        for one in analytics.get("/v1/customers/ada/timeline").json["items"]
        if one["source"] == "analytics"
    ]
    assert entry["at"] == entry["data"]["as_of"] == AS_OF
    assert (entry["actor"], entry["correlation_id"]) == ("olga", "night-1")
    assert entry["causation_id"] == done["thresholds_event_id"]
    decision = entry["data"]["decision"]
    assert decision["cause_event_ids"] == [done["thresholds_event_id"]]
    assert decision["factors"]["caring_threshold"] == {"amount": "90.00", "currency": "USD"}
    assert not entry["backfilled"]


def test_a_second_run_over_the_same_moves_nobody(analytics: House) -> None:
    hear(analytics, population(30))
    run(analytics)
    before = moves(analytics)
    limits = analytics.get("/v1/tier-policy").json["computed"]["thresholds"]

    again = run(analytics)

    assert analytics.get("/v1/tier-policy").json["computed"]["thresholds"] == limits
    assert (again["assessed"], again["moved"]) == (30, {})
    assert moves(analytics) == before


def test_the_same_key_is_the_same_run(analytics: House) -> None:
    hear(analytics, population(10))
    first = run(analytics, Idempotency_Key="night-1")

    assert run(analytics, Idempotency_Key="night-1") == first
    other = {"as_of": "2026-03-03T00:00:00Z"}
    refused = analytics.post("/v1/tier-runs", other, Idempotency_Key="night-1")
    is_problem(refused, 422, "idempotency-key-reused")
    streams = [one["stream"] for one in analytics.commits()]
    assert streams.count("tier_policy-customer_tiers") == 2


class Killed(BaseException):
    """The process dies: nothing catches it."""


@pytest.mark.parametrize("step", ["before", "after"])
def test_an_interrupted_run_is_taken_up_and_judges_everybody_once(
    analytics: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Killed in its second chunk, before the append or between append and mark."""
    monkeypatch.setattr(run_module, "CHUNK", 20)
    people = population(100)
    hear(analytics, people)
    runs = TierRuns(analytics.commands, analytics.views)
    runs.request("night", Origin("olga", NOON), NOON)
    append = analytics.commands.store.append_many
    calls: list[int] = []

    def dying(commits: Any) -> Any:
        calls.append(len(commits))
        if len(calls) == 2 and step == "before":
            raise Killed
        outcome = append(commits)
        if len(calls) == 2:
            raise Killed
        return outcome

    with monkeypatch.context() as patched:
        patched.setattr(analytics.commands.store, "append_many", dying)
        with pytest.raises(Killed):
            runs.work("night")
    # The view may or may not know what the dead process did; here it does.
    analytics.settle()
    runs.work("night")
    assert len(calls) == 2, "its lease still runs: nobody else may work on it"
    expire(runs, "night")

    runs.work("night")

    analytics.settle()
    document = runs.documents.find_one({"_id": "night"}) or {}
    assert (document["status"], document["assessed"]) == ("done", 100)
    assert sum(document["moved"].values()) == 100
    assert moves(analytics) == sorted(people)
    assert tiers(analytics) == expected(people)


def expire(runs: TierRuns, run_id: str) -> None:
    long_ago = {"$set": {"touched_at": NOON - timedelta(days=1)}}
    runs.documents.update_one({"_id": run_id}, long_ago)


def test_a_worker_that_lost_its_lease_stops(analytics: House) -> None:
    runs = TierRuns(analytics.commands, analytics.views)
    runs.request("night", Origin("olga", NOON), NOON)
    first, second = Lease(runs.documents, "night"), Lease(runs.documents, "night")
    assert first.take()
    assert second.take() is None
    expire(runs, "night")
    assert analytics.get("/v1/tier-runs/night").json["status"] == "interrupted"

    assert second.take()

    with pytest.raises(Fenced):
        first.keep(population=1)


def test_a_run_judges_on_the_store_when_the_view_is_behind(analytics: House) -> None:
    """The view knows nothing of a first move; the second must stand on it all the same."""
    hear(analytics, people := population(20))
    runs = TierRuns(analytics.commands, analytics.views)
    for name in ("first", "second"):
        runs.request(name, Origin("olga", NOON), NOON)
        runs.work(name)

    assert moves(analytics) == sorted(people)
    assert (runs.documents.find_one({"_id": "second"}) or {})["status"] == "done"


def test_without_any_purchase_a_run_fails_and_can_be_asked_for_again(analytics: House) -> None:
    failed = run(analytics, Idempotency_Key="night-1")
    assert (failed["status"], failed["error"]["code"]) == ("failed", "no-active-customers")

    analytics.hear(bought("ada", "90.00"))

    assert run(analytics, Idempotency_Key="night-1")["status"] == "done"


def test_a_run_whose_policy_was_replaced_stops(analytics: House) -> None:
    analytics.hear(bought("ada", "90.00"))
    runs = TierRuns(analytics.commands, analytics.views)
    run(analytics, Idempotency_Key="night-1")
    runs.documents.update_many({}, {"$set": {"status": "requested"}})
    assert analytics.post("/v1/tier-policies", POLICY_2).status_code == 200

    assert run(analytics, Idempotency_Key="night-1")["status"] == "superseded"


def test_without_a_moment_a_run_is_as_of_now(analytics: House) -> None:
    analytics.hear(bought("ada", "90.00"))

    answer = analytics.post("/v1/tier-runs")

    assert answer.json["as_of"] == answer.json["requested_at"]
    assert ended(analytics, answer)["status"] in ("done", "failed")
    is_problem(analytics.get("/v1/tier-runs/none"), 404, "not-found")
    problem = is_problem(analytics.post("/v1/tier-runs", {"as_of": "noon"}), 422, "invalid")
    assert problem["errors"][0]["pointer"] == "/as_of"
