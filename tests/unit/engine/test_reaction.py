"""What a reaction does is named by the event, the reaction and the place of the reply."""

from __future__ import annotations

from events.contracts.base import Contract
from events.contracts.upcasting import Upcasters
from events.reactions.reaction import Reaction, command_id
from tests.conformance.making import KIND, event


class Noted(Contract):
    TYPE = KIND


def test_the_same_answer_always_has_the_same_id() -> None:
    assert command_id(event(), "count", 0) == command_id(event(), "count", 0)


def test_every_other_answer_has_another_id() -> None:
    ids = {
        command_id(one, name, number)
        for one in (event(), event(version=2), event("order-2"))
        for name in ("count", "count/0", "other")
        for number in (0, 1)
    }
    assert len(ids) == 18


def test_the_id_is_pinned_for_ever() -> None:
    """If it changes, every reaction fires again for records that are read twice."""
    one = event(id="01890a5d-ac96-774b-bcce-b302099a8057")
    assert command_id(one, "assign-lead", 0) == PINNED


PINNED = "reaction:ed942b08504c96a5d11ec65d263192d6a99194b0"


def test_a_reaction_answers_its_types_only() -> None:
    reaction = Reaction("count", {Noted: lambda *_: []})
    assert reaction.answer_to(KIND) is not None
    assert reaction.answer_to("crm.sales.order.other.v1") is None


def test_the_latest_type_is_known_without_data() -> None:
    steps = Upcasters()
    steps.upcaster("crm.a.b.c", from_version=1)(lambda old: old)
    steps.upcaster("crm.a.b.c", from_version=2)(lambda old: old)
    assert [steps.latest(f"crm.a.b.c.v{n}") for n in (1, 2, 3, 4)] == [
        "crm.a.b.c.v3",
        "crm.a.b.c.v3",
        "crm.a.b.c.v3",
        "crm.a.b.c.v4",
    ]
