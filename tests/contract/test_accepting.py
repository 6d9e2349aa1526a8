"""The fast yes is never wrong, and it is given where it matters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import RAISE

from events.contracts import fields as ours
from events.contracts.accepting import acceptor
from events.contracts.base import Contract, all_contracts
from tests.contract.goldens import EVERY_EXAMPLE, EVERY_TYPE, GOLDENS
from tests.contract.mutants import ODDITIES, mutants

ACCEPTORS = {wire_type: acceptor(all_contracts()[wire_type]) for wire_type in EVERY_TYPE}
STRICT = {wire_type: all_contracts()[wire_type](unknown=RAISE) for wire_type in EVERY_TYPE}

TRICKY: tuple[Any, ...] = (
    1.0,
    0.0,
    -0.0,
    float("nan"),
    "9999-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59-01:00",
    "1000-01-01T00:00:00+23:59",
    "2026-12-31T23:59:60Z",
    "12.50\n",
    "-0",
    "-0.00",
    "\ud800",
    "١",
    Decimal("12.50"),
    ("a",),
    b"a",
)
"""Where Python, JSON and regular expressions disagree about what a thing is."""


@pytest.mark.parametrize(("wire_type", "kind"), EVERY_EXAMPLE)
def test_good_data_get_the_fast_yes(wire_type: str, kind: str) -> None:
    assert ACCEPTORS[wire_type](GOLDENS.load(wire_type)[kind])


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_no_mutant_gets_a_wrong_yes(wire_type: str) -> None:
    accepts, strict = ACCEPTORS[wire_type], STRICT[wire_type]
    accepted = [
        (what, data)
        for what, data in mutants(GOLDENS.load(wire_type)["full"])
        if isinstance(data, dict) and accepts(data)
    ]
    assert [what for what, data in accepted if strict.validate(data)] == []


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_nothing_tricky_gets_a_wrong_yes(wire_type: str) -> None:
    accepts, strict = ACCEPTORS[wire_type], STRICT[wire_type]
    full = GOLDENS.load(wire_type)["full"]
    wrong = [
        (what, data)
        for tricky in TRICKY
        for what, data in replaced(full, tricky)
        if accepts(data) and strict.validate(data)
    ]
    assert wrong == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODDITIES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(changes=st.data(), wire_type=st.sampled_from(EVERY_TYPE))
def test_nothing_at_all_gets_a_wrong_yes(changes: Any, wire_type: str) -> None:
    data = dict(GOLDENS.load(wire_type)["full"])
    names = changes.draw(st.lists(st.sampled_from(sorted(data)), min_size=1, max_size=2))
    data |= {name: changes.draw(JSON) for name in names}
    assert not ACCEPTORS[wire_type](data) or not STRICT[wire_type].validate(data)


class Costly(Contract):
    """A rule that JSON Schema can't tell: it must be left to the contract."""

    price = ours.Money(least="10")


Costly.NAME, Costly.VERSION, Costly.TYPE = "crm.test.costly", 1, "crm.test.costly.v1"


@pytest.mark.parametrize("amount", ["9.99", "10.00"])
def test_what_the_schema_cannot_tell_gets_no_fast_yes(amount: str) -> None:
    assert not acceptor(Costly)({"price": {"amount": amount, "currency": "USD"}})


def replaced(value: Any, by: Any, at: str = "") -> list[tuple[str, Any]]:
    """Copies with one inner value replaced, each with its place."""
    if isinstance(value, dict):
        return [
            (f"{at}/{key}", {**value, key: new})
            for key, inner in value.items()
            for _, new in [(at, by), *replaced(inner, by, f"{at}/{key}")]
        ]
    if isinstance(value, list) and value:
        return [(at, [new, *value[1:]]) for _, new in [(at, by), *replaced(value[0], by, at)]]
    return []
