"""What only the real storage has: versions side by side, and failures of the server."""

from __future__ import annotations

import pytest
from bson.decimal128 import Decimal128

from events.errors import Fenced
from events.log.port import Partition
from events.mongodb import Db
from events.projection.mongo import MongoProjection
from events.projection.unit import Move, Unit
from events.projection.view import View
from tests.conformance.making import event

pytestmark = pytest.mark.integration

ORDERS, OTHERS = View("orders"), View("others")
NORTH = Partition("crm.sales.events", 0)


def version(db: Db, number: int, *views: View) -> MongoProjection:
    projection = MongoProjection(db, number, views or (ORDERS,))
    projection.prepare()
    projection.positions({NORTH: "topic-1"})
    return projection


def test_versions_do_not_touch_each_other(db: Db) -> None:
    one, two = version(db, 1), version(db, 2)
    one.run(lambda unit: unit.insert_entries([event()]))
    one.run(lambda unit: unit.advance([Move(NORTH, 0, 4)]))
    assert not two.run(lambda unit: unit.present([event().entry]))
    assert two.positions({NORTH: "topic-1"}) == {NORTH: 0}


def test_dropping_a_version_leaves_the_others(db: Db) -> None:
    one, two = version(db, 1), version(db, 2)
    for each in (one, two):
        each.run(lambda unit: unit.advance([Move(NORTH, 0, 4)]))
    one.drop()
    assert two.positions({NORTH: "topic-1"}) == {NORTH: 4}
    assert not [name for name in db.list_collection_names() if name.endswith("_v1")]


def test_the_work_of_a_dropped_version_is_fenced(db: Db) -> None:
    one = version(db, 1)
    one.drop()

    def work(unit: Unit) -> None:
        unit.advance([Move(NORTH, 0, 4)])
        unit.insert_entries([event()])

    with pytest.raises(Fenced):
        one.run(work)


def test_prepare_may_run_again_with_more_views(db: Db) -> None:
    version(db, 1).run(lambda unit: unit.insert_entries([event()]))
    again = version(db, 1, ORDERS, OTHERS)
    assert again.run(lambda unit: unit.present([event().entry]))
    again.run(lambda unit: unit.write(OTHERS, [{"_id": "x"}]))


def test_decimals_are_stored_as_numbers_of_the_server(db: Db) -> None:
    from decimal import Decimal

    one = version(db, 1)
    one.run(lambda unit: unit.write(ORDERS, [{"_id": "a", "total": Decimal("1.10")}]))
    plain = db.client.get_database(db.name)["orders_v1"].find_one({"_id": "a"})
    assert plain is not None
    assert plain["total"] == Decimal128("1.10")


def test_a_zombie_is_fenced_even_when_it_began_first(db: Db) -> None:
    """The owner commits while the zombie is in the middle of its transaction."""
    owner, zombie = version(db, 1), version(db, 1)
    begun = 0

    def stale(unit: Unit) -> None:
        nonlocal begun
        unit.present([event().entry])
        if not begun:
            owner.run(lambda own: own.advance([Move(NORTH, 0, 2)]))
        begun += 1
        unit.advance([Move(NORTH, 0, 1)])
        unit.insert_entries([event()])

    with pytest.raises(Fenced):
        zombie.run(stale)
    assert begun == 2, "the write conflict makes the driver run the work again"
    assert owner.positions({NORTH: "topic-1"}) == {NORTH: 2}
    assert not owner.run(lambda unit: unit.present([event().entry]))


def test_what_one_version_skipped_is_known_to_the_next(db: Db) -> None:
    version(db, 1).run(lambda unit: unit.skip(event(), "test data"))
    assert version(db, 2).skips == {event().entry: "test data"}


def test_a_new_owner_knows_whether_streams_are_parked(db: Db) -> None:
    """It looks when it reads its checkpoints, and asks for parked events only if there are any."""
    assert not version(db, 1).may_be_parked
    version(db, 1).run(lambda unit: unit.park([event()], {"order-1": "broken"}))
    successor = version(db, 1)
    assert successor.may_be_parked
    assert successor.run(lambda unit: unit.parked([event().entry])) == {event().entry}
