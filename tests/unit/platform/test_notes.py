"""The rules of notes and mentions."""

from __future__ import annotations

import pytest
from hypothesis import given as given_data

from events.contracts.base import Fact, fact
from events.contracts.platform import MentionAcknowledged, NoteAdded, UserMentioned
from events.deciding import Scope
from events.envelope import Event
from events.errors import Invalid
from events.types import CustomerId
from gateway.platform.domain.mention import MENTION, ReadMention
from gateway.platform.domain.note import NOTE, AddNote
from gateway.platform.domain.people import People, User
from gateway.platform.views.notes import mentions
from tests.given import given
from tests.happened import happened, mixed, shown_by

HERE = Scope("north-1", "north-1-a")


def user(id: str, *, active: bool = True) -> User:
    return User(id, f"{id}@example.org", "person", "root", None, frozenset(), active)


PEOPLE = People().with_user(user("ann")).with_user(user("sue")).with_user(user("leo", active=False))


def note(*mentioned: str) -> AddNote:
    return AddNote("n1", CustomerId("c1"), "Call her back.", mentioned, PEOPLE, HERE)


def added(*mentioned: str) -> Fact:
    return fact(
        NoteAdded,
        note_id="n1",
        customer_id="c1",
        text="Call her back.",
        mentions=list(mentioned),
        scope=HERE.to_data(),
    )


def mention(place: int, user_id: str) -> Fact:
    return fact(
        UserMentioned, mention_id=f"n1.{place}", note_id="n1", customer_id="c1", user_id=user_id
    )


def test_a_note_and_its_mentions_are_one_commit_and_each_user_is_told_once() -> None:
    given(NOTE).when(note()).then(added())
    given(NOTE).when(note("sue", "ann", "sue")).then(
        added("sue", "ann"), mention(1, "sue"), mention(2, "ann")
    )


def test_who_is_not_there_is_named_by_his_place_in_the_list() -> None:
    with pytest.raises(Invalid) as error:
        NOTE.decide(NOTE.initial, note("ann", "leo", "sue", "nobody"))
    assert [one.pointer for one in error.value.faults] == ["/mentions/1", "/mentions/3"]


def test_a_note_is_written_once_and_belongs_where_it_was_put() -> None:
    given(NOTE, added()).when(note()).rejected("note-exists")
    state = NOTE.fold([added("ann"), mention(1, "ann")])
    assert (NOTE.subject(state), NOTE.scope(state)) == ("c1", HERE)


def test_a_mention_is_read_once_and_belongs_to_its_user() -> None:
    read = fact(MentionAcknowledged, mention_id="n1.1", user_id="ann")
    given(MENTION).when(ReadMention("n1.1", "ann")).then(read)
    given(MENTION, read).when(ReadMention("n1.1", "ann")).then()
    assert MENTION.scope(MENTION.fold([read])).owner == "ann"
    assert MENTION.subject(MENTION.fold([read])) is None


@given_data(
    mixed(
        happened("n1", added("ann"), mention(1, "ann")),
        happened("n1.1", fact(MentionAcknowledged, mention_id="n1.1", user_id="ann")),
    )
)
def test_a_mention_that_was_read_is_read_in_whatever_order_that_is_heard(
    batches: list[list[Event]],
) -> None:
    (shown,) = shown_by(mentions, *batches).values()
    assert (shown["owner"], shown["unread"], shown["customer_id"]) == ("ann", False, "c1")
    assert "text" not in shown
