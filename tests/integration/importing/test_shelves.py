"""A shelf believes the store, not what it was told before."""

from __future__ import annotations

import pytest

from deploy.importing.drafts import Cause, Drafts
from deploy.importing.history import of_lines
from deploy.importing.places import Places
from deploy.importing.purchases_file import Fault
from deploy.importing.shelves import CHANGED, Decided, Shelf, decide
from tests.integration.importing.shop import SOURCE, TODAY, documents, lines

pytestmark = [pytest.mark.integration, pytest.mark.feature("S26")]

ROWS = lines(10)


def believing_nothing_is_there(places: Places, rows: list[str]) -> Decided:
    """Decided as by an importer that asked just before another one wrote."""
    drafts = Drafts(SOURCE, Cause("i-1"), marketing=places.marketing, sales=places.sales)
    return decide(map(drafts.order, of_lines(rows, SOURCE, TODAY).purchases), {})


def test_who_comes_second_finds_the_rows_there(places: Places) -> None:
    places.prepare()
    shelf = Shelf(places.sales)
    first, second = (believing_nothing_is_there(places, ROWS) for _ in range(2))
    assert shelf.put(first).new == 10
    before = documents(places.sales)
    settled = shelf.put(second)
    assert (settled.new, settled.already, settled.faults) == (0, 10, [])
    assert documents(places.sales) == before


def test_who_comes_second_with_another_content_is_told(places: Places) -> None:
    places.prepare()
    shelf = Shelf(places.sales)
    shelf.put(believing_nothing_is_there(places, ROWS))
    changed = [*ROWS[:3], ROWS[3].replace(".02", ".03"), *ROWS[4:]]
    settled = shelf.put(believing_nothing_is_there(places, changed))
    assert (settled.new, settled.already) == (0, 9)
    assert settled.faults == [Fault(4, CHANGED)]


def test_an_answer_that_was_lost_does_not_make_new_rows_old(places: Places) -> None:
    """The same commits again, as after a connection that broke before the answer."""
    places.prepare()
    shelf = Shelf(places.sales)
    decided = believing_nothing_is_there(places, ROWS)
    places.sales.append_many([commit for _, commit in decided.commits[:4]])
    settled = shelf.put(decided)
    assert (settled.new, settled.already, settled.faults) == (10, 0, [])
