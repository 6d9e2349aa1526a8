"""Which version is live: one pointer, moved by compare-and-set, forward and back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from events.errors import Conflict, RuleBroken, Transient
from events.mongodb import Db
from events.projection.versions import VersionBook, Versions

pytestmark = pytest.mark.integration


@pytest.fixture
def book(db: Db) -> VersionBook:
    return VersionBook(db)


def standing(versions: Versions) -> tuple[int, int | None, int | None]:
    return versions.live, versions.standby, versions.building


def test_before_the_first_start_there_is_nothing_to_read(book: VersionBook) -> None:
    with pytest.raises((RuleBroken, Transient)):
        book.read()


def test_a_new_service_begins_with_version_one(book: VersionBook) -> None:
    opened = book.open(["orders"])
    assert standing(opened) == (1, None, None)
    assert opened.views == {1: ["orders"]}
    assert opened.running() == [1]


def test_opening_again_changes_nothing(book: VersionBook) -> None:
    book.open(["orders"])
    book.begin(["orders", "customers"])
    assert standing(book.open(["others"])) == (1, None, 2)


def test_processes_that_start_together_agree(book: VersionBook) -> None:
    line = Barrier(6)

    def start(_: int) -> Versions:
        line.wait()
        return book.open(["orders"])

    with ThreadPoolExecutor(6) as threads:
        assert len({repr(one) for one in threads.map(start, range(6))}) == 1


def test_a_built_version_goes_live_and_back(book: VersionBook) -> None:
    book.open(["orders"])
    assert standing(book.begin(["orders", "customers"])) == (1, None, 2)
    assert standing(book.swap()) == (2, 1, None)
    assert book.read().running() == [2, 1]
    assert standing(book.rollback()) == (1, 2, None)
    assert standing(book.rollback()) == (2, 1, None)
    assert book.read().views == {1: ["orders"], 2: ["orders", "customers"]}


def test_only_one_version_is_built_at_a_time(book: VersionBook) -> None:
    book.open(["orders"])
    book.begin(["orders"])
    with pytest.raises(RuleBroken, match="version 2"):
        book.begin(["orders"])


def test_an_abandoned_version_leaves_the_live_one(book: VersionBook) -> None:
    book.open(["orders"])
    book.begin(["orders"])
    assert standing(book.abandon()) == (1, None, None)
    assert standing(book.begin(["orders"])) == (1, None, 2)


@pytest.mark.parametrize("act", ["swap", "rollback"])
def test_what_is_not_there_cannot_go_live(book: VersionBook, act: str) -> None:
    book.open(["orders"])
    with pytest.raises(RuleBroken):
        getattr(book, act)()


def test_versions_in_use_are_not_forgotten(book: VersionBook) -> None:
    book.open(["orders"])
    book.begin(["orders"])
    book.swap()
    for version in (1, 2):
        with pytest.raises(RuleBroken, match="in use"):
            book.forget(version)
    book.begin(["orders"])
    book.swap()
    assert book.forget(1).views.keys() == {2, 3}


def test_numbers_of_live_versions_are_not_given_again(book: VersionBook) -> None:
    book.open(["orders"])
    for wanted in (2, 3, 4):
        assert book.begin(["orders"]).building == wanted
        book.swap()


def test_of_racing_operators_one_moves_the_pointer(book: VersionBook) -> None:
    book.open(["orders"])
    line = Barrier(4)

    def begin(_: int) -> bool:
        line.wait()
        try:
            book.begin(["orders"])
        except (Conflict, RuleBroken):
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(begin, range(4))) == 1
    assert book.read().building == 2
