"""What is committed is what the contracts say today."""

from __future__ import annotations

from events.contracts.base import all_contracts
from events.contracts.catalogue import catalogue
from events.contracts.fields import personal_fields
from events.contracts.generate import Layout, main, run
from tests.contract.goldens import EVERY_TYPE


def test_the_generated_files_are_up_to_date() -> None:
    code, message = run(all_contracts(), Layout(), check=True)
    assert code == 0, message


def test_the_command_says_so_too(capsys) -> None:
    assert main(["--check"]) == 0
    assert ", 0 written" in capsys.readouterr().out


def test_the_catalogue_tells_every_event_and_marks_what_is_personal() -> None:
    page = catalogue(all_contracts().values())
    personal = sum(len(personal_fields(one)) for one in all_contracts().values())
    assert all(f"`{wire_type}`" in page for wire_type in EVERY_TYPE)
    assert page.count("| ● |") == personal > 0


def test_the_catalogue_does_not_depend_on_the_order_of_registration() -> None:
    contracts = list(all_contracts().values())
    assert catalogue(contracts) == catalogue(reversed(contracts))
