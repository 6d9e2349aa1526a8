"""The lean connection to a service."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from gateway import wire
from gateway.wire import LeanConnection


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def connection(listener: socket.socket) -> Iterator[LeanConnection]:
    connection = LeanConnection("127.0.0.1", listener.getsockname()[1], timeout=5)
    yield connection
    connection.close()


def test_head_and_body_leave_in_one_piece(
    listener: socket.socket, connection: LeanConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[bytes] = []
    monkeypatch.setattr(wire.HTTPConnection, "send", lambda _, data: pieces.append(data))
    connection.request("POST", "/v1/orders", b"body", {"Content-Length": "4", "X": "\xe9"})
    (piece,) = pieces
    assert piece.startswith(b"POST /v1/orders HTTP/1.1\r\n")
    assert b"\r\nX: \xe9\r\n" in piece
    assert piece.endswith(b"\r\n\r\nbody")


def test_a_connection_that_rested_too_long_is_not_used_again(
    listener: socket.socket, connection: LeanConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.request("GET", "/")
    assert connection.is_connected
    monkeypatch.setattr(wire, "LONGEST_REST_SECONDS", 0.0)
    assert not connection.is_connected
