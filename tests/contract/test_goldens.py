"""Every event ever published has golden examples, they hold their contract, and they stay."""

from __future__ import annotations

import pytest

from events.contracts.base import all_contracts, check, fact
from events.contracts.platform import ImportStarted
from events.errors import Invalid
from tests.contract.goldens import EVERY_EXAMPLE, EVERY_TYPE, GOLDENS, KINDS, Goldens
from tests.contract.make_goldens import propose


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_every_event_has_a_full_and_a_minimal_example(wire_type: str) -> None:
    assert GOLDENS.path(wire_type).exists(), "run `python -m tests.contract.make_goldens`"
    assert tuple(GOLDENS.load(wire_type)) == KINDS


def test_every_example_still_has_a_contract() -> None:
    assert set(GOLDENS.types()) == set(EVERY_TYPE)


@pytest.mark.parametrize(("wire_type", "kind"), EVERY_EXAMPLE)
def test_an_example_holds_its_contract(wire_type: str, kind: str) -> None:
    data = GOLDENS.load(wire_type)[kind]
    check(wire_type, data)


@pytest.mark.parametrize("wire_type", EVERY_TYPE)
def test_the_full_example_has_every_field_and_the_minimal_one_only_what_is_required(
    wire_type: str,
) -> None:
    members = all_contracts()[wire_type]().fields
    examples = GOLDENS.load(wire_type)
    assert set(examples["full"]) == set(members)
    assert set(examples["minimal"]) == {name for name, field in members.items() if field.required}


def test_no_example_changes_silently() -> None:
    assert GOLDENS.faults() == []


@pytest.fixture
def planted(tmp_path, monkeypatch) -> Goldens:
    """A folder with the example of one event, recorded."""
    goldens = Goldens(tmp_path)
    propose({ImportStarted.TYPE: ImportStarted}, goldens)
    return goldens


def test_a_changed_example_is_noticed(planted: Goldens) -> None:
    assert planted.faults() == []
    path = planted.path(ImportStarted.TYPE)
    path.write_text(path.read_text("utf-8").replace("false", "true"), "utf-8")
    assert "put it back" in planted.faults()[0]


def test_a_removed_example_is_noticed(planted: Goldens) -> None:
    planted.path(ImportStarted.TYPE).unlink()
    assert len(planted.faults()) == 1


def test_an_unrecorded_example_is_noticed(planted: Goldens) -> None:
    (planted.folder / "crm.platform.import.started.v2.json").write_text("{}")
    assert "not in HASHES" in planted.faults()[0]


def test_proposing_again_overwrites_nothing(planted: Goldens) -> None:
    path = planted.path(ImportStarted.TYPE)
    path.write_text("{}")
    propose({ImportStarted.TYPE: ImportStarted}, planted)
    assert path.read_text("utf-8") == "{}"
    assert len(planted.faults()) == 1


def test_a_fact_names_the_field_that_is_wrong() -> None:
    with pytest.raises(Invalid) as caught:
        fact(ImportStarted, import_id="i-1", source="a.csv", dry_run="no")
    assert [fault.pointer for fault in caught.value.faults] == ["/dry_run"]
