"""Old events arrive in today's words, whichever version they were written in."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from events.contracts.base import Contract, all_contracts
from events.contracts.fields import Code, Count, Id
from events.contracts.upcasting import UPCASTERS, Upcasters
from tests.contract.goldens import GOLDENS

NAME = "crm.sales.parcel.sent"
Example = tuple[str, dict[str, Any]]


class ParcelSentV3(Contract):
    """The latest form of an event that exists only here."""

    parcel_id = Id()
    pieces = Count(least=1)
    channel = Code()


def planted() -> Upcasters:
    """Version 1 counted no pieces, version 2 knew no channel."""
    upcasters = Upcasters()

    @upcasters.upcaster(NAME, from_version=1)
    def one_piece(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "pieces": 1}

    @upcasters.upcaster(NAME, from_version=2)
    def unknown_channel(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "channel": "unknown"}

    return upcasters


def faults(
    upcasters: Upcasters, contracts: Mapping[str, type[Contract]], examples: Iterable[Example]
) -> list[str]:
    """What is wrong with a set of steps: not total, not pure, or not reaching the latest."""
    latest = {wire_type.rpartition(".v")[0]: 0 for wire_type in contracts}
    for wire_type in contracts:
        name, _, version = wire_type.rpartition(".v")
        latest[name] = max(latest[name], int(version))
    found = []
    for wire_type, data in examples:
        before = copy.deepcopy(data)
        name = wire_type.rpartition(".v")[0]
        arrived, current = upcasters.upcast(wire_type, data)
        if data != before:
            found.append(f"{wire_type}: the step changed its argument")
        if (arrived, current) != upcasters.upcast(wire_type, copy.deepcopy(before)):
            found.append(f"{wire_type}: the same data gave two results")
        if arrived != f"{name}.v{latest[name]}":
            found.append(f"{wire_type}: arrives as {arrived}, not as version {latest[name]}")
        elif contracts[arrived]().validate(current):
            found.append(f"{wire_type}: what arrives does not hold {arrived}")
        if upcasters.upcast(arrived, current) != (arrived, current):
            found.append(f"{arrived}: the latest version is changed again")
    return found


def contracts() -> dict[str, type[Contract]]:
    """All three versions; only the latest one's schema is ever asked."""
    return {f"{NAME}.v{version}": ParcelSentV3 for version in (1, 2, 3)}


EXAMPLES: list[Example] = [
    (f"{NAME}.v1", {"parcel_id": "p-1"}),
    (f"{NAME}.v2", {"parcel_id": "p-2", "pieces": 4}),
    (f"{NAME}.v3", {"parcel_id": "p-3", "pieces": 4, "channel": "web"}),
]


def test_steps_chain_up_to_the_latest_version() -> None:
    assert planted().upcast(*EXAMPLES[0]) == (
        f"{NAME}.v3",
        {"parcel_id": "p-1", "pieces": 1, "channel": "unknown"},
    )


def test_a_chain_may_be_entered_in_the_middle() -> None:
    _, data = planted().upcast(*EXAMPLES[1])
    assert data == {"parcel_id": "p-2", "pieces": 4, "channel": "unknown"}


@pytest.mark.parametrize("wire_type", [f"{NAME}.v3", f"{NAME}.v9", "com.example.else.v1", "?"])
def test_the_latest_and_the_unknown_pass_untouched(wire_type: str) -> None:
    data = {"anything": [1]}
    arrived, same = planted().upcast(wire_type, data)
    assert arrived == wire_type
    assert same is data


def test_two_steps_from_one_version_are_refused() -> None:
    upcasters = planted()
    with pytest.raises(ValueError, match=f"two upcasters for {NAME}.v1"):
        upcasters.upcaster(NAME, from_version=1)(dict)


def test_the_planted_steps_are_total_pure_and_idempotent() -> None:
    assert faults(planted(), contracts(), EXAMPLES) == []


def test_the_steps_of_the_program_are_total_pure_and_idempotent() -> None:
    assert faults(UPCASTERS, all_contracts(), GOLDENS.examples()) == []


def test_every_step_of_the_program_starts_from_a_contract() -> None:
    assert set(UPCASTERS.sources()) <= set(all_contracts())


def _impure(data: dict[str, Any]) -> dict[str, Any]:
    data["channel"] = "unknown"
    return data


def _forgetful(data: dict[str, Any]) -> dict[str, Any]:
    return data


@pytest.mark.parametrize(
    ("step", "complaint"), [(_impure, "changed its argument"), (_forgetful, "does not hold")]
)
def test_a_bad_step_is_found(step: Any, complaint: str) -> None:
    upcasters = Upcasters()
    upcasters.upcaster(NAME, from_version=2)(step)
    assert complaint in " ".join(faults(upcasters, contracts(), copy.deepcopy(EXAMPLES[1:])))


def test_a_missing_step_is_found() -> None:
    found = faults(Upcasters(), contracts(), EXAMPLES[:1])
    assert found == [f"{NAME}.v1: arrives as {NAME}.v1, not as version 3"]
