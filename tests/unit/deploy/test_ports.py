"""Ports: distinct, free, kept where possible."""

from __future__ import annotations

import socket

from deploy.local import ports


def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", ports.pick()))


def test_a_picked_port_is_free_and_outside_the_ephemeral_range() -> None:
    picked = ports.pick()
    assert ports.is_free(picked)
    assert ports.LOWEST <= picked < ports.DEFAULT_EPHEMERAL_START


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with listener() as taken:
        number = taken.getsockname()[1]
        assert not ports.is_free(number)
        assert ports.answers(number)
    assert ports.is_free(number)
    assert not ports.answers(number)


def test_ports_are_kept_while_they_are_free() -> None:
    before = ports.keep_or_pick(["a", "b"], {})
    assert len(set(before.values())) == 2
    assert ports.keep_or_pick(["a", "b"], before) == before


def test_a_port_that_was_taken_is_replaced_and_the_others_stay() -> None:
    free = ports.pick()
    with listener() as taken:
        number = taken.getsockname()[1]
        after = ports.keep_or_pick(["a", "b"], {"a": number, "b": free})
    assert after["a"] not in (number, free)
    assert after["b"] == free


def test_two_names_never_share_a_port() -> None:
    free = ports.pick()
    after = ports.keep_or_pick(["a", "b"], {"a": free, "b": free})
    assert after["a"] == free
    assert after["b"] != free
