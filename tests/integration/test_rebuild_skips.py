"""What a person let go by: left out of the next version too, unless it is asked for."""

from __future__ import annotations

import pytest

from events.runtime.rebuilding import Rebuild
from services.sales.definition import DEFINITION
from tests.conformance.making import event
from tests.house import House

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("with_skipped", [False, True])
def test_a_new_version_knows_what_was_skipped_unless_it_is_to_have_it(
    mongodb_uri: str, with_skipped: bool
) -> None:
    sales = House(DEFINITION, mongodb_uri)
    try:
        live = sales.inner.projection(1)
        live.run(lambda unit: unit.skip(event(), "test data"))
        built = sales.inner.projection(Rebuild(sales.inner).begin(with_skipped=with_skipped))
        (partition,) = list(sales.projector.consumer.assignment())[:1]
        built.positions({partition: "topic-1"})
        assert built.skips == ({} if with_skipped else {event().entry: "test data"})
    finally:
        sales.close()
