"""What is committed is what the contracts say today."""

from __future__ import annotations

from events.contracts.base import Contract, all_contracts
from events.contracts.catalogue import catalogue
from events.contracts.fields import Count, ListOf, Text, personal_fields
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


class Planted(Contract):
    """A list of what people said."""

    TYPE, NAME, VERSION = "crm.sales.word.said.v1", "crm.sales.word.said", 1
    CONTEXT, AGGREGATE = "sales", "word"
    words = ListOf(Text(pii=True, longest=60), required=False, shortest=1, description="in order")
    times = Count(least=1)
    loud = Count(most=5)


def test_a_row_says_form_bounds_mark_and_meaning() -> None:
    page = catalogue([Planted])
    assert (
        "| `words[]`? | list of text, 0 to 60 characters, 1 to 100 entries | ● | in order |" in page
    )
    assert "| `times` | whole number, 1 or more |  |  |" in page
    assert "| `loud` | whole number, 0 to 5 |  |  |" in page


def test_the_catalogue_does_not_depend_on_the_order_of_registration() -> None:
    contracts = list(all_contracts().values())
    assert catalogue(contracts) == catalogue(reversed(contracts))
