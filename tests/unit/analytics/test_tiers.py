"""Recency, frequency, monetary value, the thresholds and the four tiers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as some

from events.contracts.money import Money
from services.analytics.domain.policy import POLICY_1
from services.analytics.domain.tiers import (
    Member,
    Metrics,
    Purchase,
    Thresholds,
    classify,
    is_held,
    metrics,
    thresholds,
)
from tests.unit.analytics.mothers import (
    NOON,
    bought,
    days_ago,
    limits,
    members,
    nothing,
    second_policy,
    usd,
    worth,
)

pytestmark = pytest.mark.feature("S117")


def measured(*purchases: Purchase) -> Metrics:
    return metrics(purchases, NOON, 365, "USD")


def test_metrics_of_the_window() -> None:
    assert measured(bought(400, "7"), bought(100, "10.50"), bought(3.9, "2.25")) == Metrics(
        recency_days=3, frequency=2, monetary=usd("12.75")
    )


@pytest.mark.parametrize(("days", "frequency"), [(365, 0), (364.999, 1), (0, 1), (-0.001, 0)])
def test_the_window_is_half_open(days: float, frequency: int) -> None:
    assert measured(bought(days, 5)).frequency == frequency


def test_recency_looks_beyond_the_window_but_not_into_the_future() -> None:
    assert measured(bought(400, 5), bought(-1, 5)) == Metrics(400, 0, usd(0))
    assert measured() == nothing()


def test_margin_is_known_only_when_every_cost_is() -> None:
    assert measured(bought(1, 10, "4"), bought(2, 10, "19")).margin == usd(-3)
    assert measured(bought(1, 10, "4"), bought(2, 10)).margin is None


def test_other_currencies_count_for_frequency_only() -> None:
    euros = Purchase(days_ago(1), Money(Decimal(99), "EUR"))
    assert measured(euros, bought(2, 10)) == Metrics(1, 2, usd(10))


def test_vips_lie_above_the_first_value_that_is_excluded() -> None:
    computed = thresholds(POLICY_1, members(range(1, 301)), NOON)
    assert computed.vip == usd(297)
    assert computed.population == 300


@pytest.mark.parametrize(("count", "seats"), [(1, 0), (99, 0), (100, 1), (199, 1), (200, 2)])
def test_seats_are_rounded_down(count: int, seats: int) -> None:
    computed = thresholds(POLICY_1, members(range(1, count + 1)), NOON)
    assert count - int(computed.vip.amount) == seats


def test_a_tie_at_the_border_excludes_all_who_tie() -> None:
    computed = thresholds(POLICY_1, members([900, 500, 500, *[1] * 197]), NOON)
    assert computed.vip == usd(500)


def test_caring_customers_bring_the_first_eighty_percent_of_the_value() -> None:
    computed = thresholds(POLICY_1, members([50, 30, 10, 5, 5]), NOON)
    assert computed.caring == usd(30)
    computed = thresholds(POLICY_1, members([50, 29, 10, 6, 5]), NOON)
    assert computed.caring == usd(10)


def test_a_present_vip_defends_his_seat_with_the_hysteresis() -> None:
    """One seat: 950 of a VIP counts as 950 / 0.9 and stays above a newcomer's 1000."""
    others = members([1000, *[1] * 98])
    computed = thresholds(POLICY_1, (Member(usd(950), "vip"), *others), NOON)
    assert classify(POLICY_1, computed, worth(950), "vip") == ("vip", "kept_by_hysteresis")
    assert classify(POLICY_1, computed, worth(1000), "caring")[0] == "caring"
    computed = thresholds(POLICY_1, (Member(usd(899), "vip"), *others), NOON)
    assert classify(POLICY_1, computed, worth(899), "vip")[0] == "caring"
    assert classify(POLICY_1, computed, worth(1000), "caring") == ("vip", "top_value")


def test_a_vip_who_may_not_move_occupies_a_seat() -> None:
    held = Member(usd(5), "vip", held=True)
    computed = thresholds(POLICY_1, (held, *members([1000, *[1] * 98])), NOON)
    assert classify(POLICY_1, computed, worth(1000), None)[0] == "caring"


def test_held_customers_still_set_the_value_that_a_newcomer_has_to_reach() -> None:
    """After a run everybody is held for a month: the threshold must not fall to nothing."""
    fresh = members(range(1, 201))
    moved = [Member(one.monetary, "adaptive", held=True) for one in fresh]

    assert thresholds(POLICY_1, moved, NOON) == thresholds(POLICY_1, fresh, NOON)


def test_a_population_that_paid_nothing_has_no_best_customers() -> None:
    computed = thresholds(POLICY_1, members([0] * 300), NOON)
    assert classify(POLICY_1, computed, worth(0), None)[0] == "adaptive"


@pytest.mark.parametrize(
    ("customer", "current", "expected"),
    [
        (worth("1000.01"), None, ("vip", "top_value")),
        (worth("1000.00"), None, ("caring", "large_spend_share")),
        (worth("100.00"), None, ("caring", "large_spend_share")),
        (worth("99.99"), None, ("adaptive", "existing_goods_suffice")),
        (worth("0.00"), None, ("adaptive", "existing_goods_suffice")),
        (nothing(), None, ("indifferent", "no_purchase_in_window")),
        (nothing(), "vip", ("indifferent", "no_purchase_in_window")),
        (worth("5000", margin=usd("-0.01")), "vip", ("indifferent", "loss_making")),
        (worth("5000", margin=usd(0)), None, ("vip", "top_value")),
        (worth("900.01"), "vip", ("vip", "kept_by_hysteresis")),
        (worth("900.00"), "vip", ("caring", "large_spend_share")),
        (worth("900.01"), "caring", ("caring", "large_spend_share")),
        (worth("90.00"), "caring", ("caring", "kept_by_hysteresis")),
        (worth("90.00"), "vip", ("caring", "kept_by_hysteresis")),
        (worth("90.00"), "adaptive", ("adaptive", "existing_goods_suffice")),
        (worth("89.99"), "caring", ("adaptive", "existing_goods_suffice")),
    ],
)
def test_classification(customer: Metrics, current: str | None, expected: tuple[str, str]) -> None:
    assert classify(POLICY_1, limits(), customer, current) == expected


@pytest.mark.parametrize(
    ("moved_at", "moved_under", "held"),
    [
        (None, None, False),
        (days_ago(29.999), 1, True),
        (days_ago(30), 1, False),
        (days_ago(1), 2, False),
        (days_ago(-1), 1, True),
    ],
)
def test_a_tier_is_held_for_the_days_of_the_policy(
    moved_at: datetime | None, moved_under: int | None, held: bool
) -> None:
    assert is_held(POLICY_1, moved_at, moved_under, NOON) is held


def test_a_new_policy_frees_every_tier() -> None:
    assert not is_held(second_policy(), NOON - timedelta(days=1), 1, NOON)


def test_thresholds_and_policies_survive_the_wire() -> None:
    computed = thresholds(POLICY_1, members([50, 30, 10]), NOON)
    assert Thresholds.from_data(computed.to_data()) == computed
    assert type(POLICY_1).from_data(POLICY_1.to_data()) == POLICY_1


# Few distinct values: most populations are full of ties.
values = some.sampled_from([0, 1, 2, 9, 10, 11, 99, 100, 101, 1000])
crowd = some.lists(
    some.builds(
        lambda amount, tier, held: Member(usd(amount), tier, held and tier is not None),
        values,
        some.sampled_from([None, "vip", "caring", "adaptive"]),
        some.booleans(),
    ),
    min_size=1,
    max_size=30,
)


def vips(population: list[Member], computed: Thresholds) -> int:
    """How many are VIPs once everybody is assessed; who is held keeps what he has."""
    tiers = [
        one.tier
        if one.held
        else classify(POLICY_1, computed, worth(f"{one.monetary.amount}"), one.tier)[0]
        for one in population
    ]
    return tiers.count("vip")


@settings(max_examples=200)
@over(crowd, some.integers(1, 12))
def test_the_vip_share_is_never_above_one_percent(some_members: list[Member], times: int) -> None:
    """Unless those who may not move are more already: then nobody joins them."""
    population = some_members * times
    held = sum(one.held and one.tier == "vip" for one in population)
    computed = thresholds(POLICY_1, population, NOON)
    assert vips(population, computed) <= max(len(population) // 100, held)


@over(some.lists(some.integers(0, 10**6), min_size=100, max_size=400, unique=True))
def test_without_ties_every_vip_seat_is_taken(amounts: list[int]) -> None:
    population = list(members(amounts))
    computed = thresholds(POLICY_1, population, NOON)
    assert vips(population, computed) == len(amounts) // 100


@over(crowd, some.randoms(use_true_random=False))
def test_thresholds_do_not_depend_on_the_order_of_input(
    population: list[Member], dice: object
) -> None:
    shuffled = sorted(population, key=lambda _: dice.random())  # type: ignore[attr-defined]
    assert thresholds(POLICY_1, shuffled, NOON) == thresholds(POLICY_1, population, NOON)


def test_values_that_do_not_divide_evenly_keep_to_the_cap() -> None:
    """100 / 0.9 has no end: the threshold is rounded up, or both of the tied would stay."""
    population = [Member(usd(100), "vip")] * 2 + [Member(usd(1))] * 98
    computed = thresholds(POLICY_1, population, NOON)
    assert computed.vip == usd("111.12")
    assert vips(population, computed) <= 1


def test_the_policy_holds_the_four_tiers_in_the_order_of_their_trial() -> None:
    names = [rule["name"] for rule in POLICY_1.to_data()["tiers"]]
    assert names == ["indifferent", "vip", "caring", "adaptive"]
    assert replace(POLICY_1, hysteresis=Decimal("0.25")).keep_factor == Decimal("0.75")
