"""The sender against hostile names, networks and receivers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.platform.webhooks.addresses import Allow
from gateway.platform.webhooks.egress import BODY_BYTES, EXCERPT_CHARS, Outcome, Sender
from gateway.platform.webhooks.resolving import Resolver
from tests.integration.platform.webhooks.servers import certified, listening, saying

LOCAL = Allow.parse("127.0.0.1/32")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SHORT = 0.5


def post(sender: Sender, url: str, body: bytes = b"{}") -> Outcome:
    return sender.post(url, body, {"Content-Type": "application/json", "webhook-id": "1"})


def at(*addresses: str) -> Any:
    """A resolver that gives every name these addresses."""
    return lambda _host, _port: list(addresses)


def test_a_message_arrives_whole() -> None:
    with listening(saying(OK)) as server:
        told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/hook?a=b", b"x" * 300_000)
    assert (told.status, told.error, told.excerpt) == (200, None, "ok")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}".encode() in head
    assert b"webhook-id: 1" in head
    assert len(body) == 300_000


# --- where it may not go


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0", "127.1", "2130706433", "0x7f000001", "[::1]",
             "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"],
)  # fmt: skip
def test_what_is_not_public_is_refused_however_it_is_written(host: str) -> None:
    told = post(Sender(), f"https://{host}/")
    assert told.status is None
    assert told.error in ("forbidden-address", "unknown-host")


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with listening(saying(OK)) as server:
        sender = Sender(resolve=at("93.184.216.34", "127.0.0.1"))
        assert post(sender, "https://receiver.test/").error == "forbidden-address"
        assert server.connections == 0


def test_allowing_a_network_allows_no_other() -> None:
    told = post(Sender(LOCAL, resolve=at("10.0.0.1")), "https://receiver.test/")
    assert told.error == "forbidden-address"


def test_plain_http_goes_to_allowed_networks_only() -> None:
    told = post(Sender(LOCAL, resolve=at("93.184.216.34")), "http://receiver.test/")
    assert told.error == "forbidden-address"


def test_a_name_is_resolved_once_and_connected_to_as_it_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: the second answer to the same question would be another one."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    asked: list[str] = []
    real = socket.getaddrinfo

    def watched(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        return real(host, *args, **kwargs)

    with listening(saying(OK)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", watched)
        sender = Sender(LOCAL, resolve=lambda _host, _port: next(answers))
        url = f"http://receiver.test:{server.port}/"
        assert post(sender, url).status == 200
        assert set(asked) == {"127.0.0.1"}, "the connection asks for no name"
        assert f"Host: receiver.test:{server.port}".encode() in server.requests[0]
        assert post(sender, url).error == "forbidden-address", "judged anew each time"
        assert server.connections == 1


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    allow = Allow.parse("127.0.0.0/8")
    with listening(saying(OK)) as server:
        sender = Sender(allow, resolve=at("127.9.9.9", "127.0.0.1"))
        assert post(sender, f"http://receiver.test:{server.port}/").status == 200


def test_redirects_are_answers_and_proxies_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(saying(OK)) as inner:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{inner.port}")
        for status in (301, 302, 303, 307, 308):
            to = f"HTTP/1.1 {status} x\r\nLocation: http://127.0.0.1:{inner.port}/\r\n\r\n"
            with listening(saying(to.encode())) as server:
                told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
            assert told.status == status
        assert inner.connections == 0


# --- TLS


def test_the_certificate_must_be_the_names_own(tmp_path: Path) -> None:
    tls, trust = certified(tmp_path, "receiver.test")
    seen: list[str | None] = []
    tls.sni_callback = lambda _connection, name, _context: seen.append(name)
    with listening(saying(OK), tls) as server:
        sender = Sender(LOCAL, resolve=at("127.0.0.1"), trust=trust)
        told = post(sender, f"https://receiver.test:{server.port}/")
        assert (told.status, told.error) == (200, None)
        assert post(sender, f"https://other.test:{server.port}/").error == "bad-certificate"
        stranger = Sender(LOCAL, resolve=at("127.0.0.1"))
        assert post(stranger, f"https://receiver.test:{server.port}/").error == "bad-certificate"
    assert seen == ["receiver.test", "other.test", "receiver.test"]
    assert len(server.requests) == 1


def test_an_address_as_the_host_is_certified_too(tmp_path: Path) -> None:
    tls, trust = certified(tmp_path, "127.0.0.1")
    with listening(saying(OK), tls) as server:
        told = post(Sender(LOCAL, trust=trust), f"https://127.0.0.1:{server.port}/")
        assert told.status == 200


def test_what_speaks_no_tls_gets_nothing() -> None:
    with listening(saying(OK)) as server:
        told = post(Sender(LOCAL, seconds=SHORT), f"https://127.0.0.1:{server.port}/")
        assert told.status is None
        assert told.error in ("no-tls", "timeout")
        assert not any(b"webhook-id" in one for one in server.requests)


# --- time and size


def dripping(pieces: Sequence[bytes], stop: threading.Event) -> Any:
    """Says a piece every moment, for ever: no single read ever takes long."""

    def speak(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(pieces[0])
        while not stop.wait(SHORT / 20):
            connection.sendall(pieces[1])

    return speak


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ((b"H", b""), None),
        ((b"HTTP/1.1 200 OK\r\nX: ", b"x"), None),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"), None),
        ((b"HTTP/1.1 200 OK\r\n\r\n", b"x"), 200),
        ((b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), 500),
    ],
)
def test_a_receiver_that_drips_is_waited_for_no_longer_than_the_deadline(
    pieces: Sequence[bytes], status: int | None
) -> None:
    stop = threading.Event()
    with listening(dripping(pieces, stop)) as server:
        told = post(Sender(LOCAL, seconds=SHORT), f"http://127.0.0.1:{server.port}/")
        stop.set()
    assert told.status == status
    assert told.error == (None if status else "timeout")


def test_a_receiver_that_drips_its_handshake_is_left(tmp_path: Path) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                # The head of a record of 512 bytes, which then comes byte by byte.
                connection.sendall(b"\x16\x03\x03\x02\x00")
                while not stop.wait(SHORT / 20):
                    try:
                        connection.sendall(b"\x00")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        told = post(Sender(LOCAL, seconds=SHORT), f"https://127.0.0.1:{port}/")
        stop.set()
        thread.join()
    assert told.error == "timeout"


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: stop.wait())
    told = post(Sender(resolve=Resolver(seconds=0.05)), "https://receiver.test/")
    stop.set()
    assert told.error == "timeout"


def test_of_a_huge_answer_little_is_read() -> None:
    sent: list[int] = []

    def speak(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 500 Oh\r\nContent-Length: 100000000\r\n\r\n")
        try:
            while sum(sent) < 100_000_000:
                sent.append(connection.send(b"x" * 65536))
        except OSError:
            """We hung up."""

    with listening(speak) as server:
        told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
    assert (told.status, told.excerpt) == (500, "x" * EXCERPT_CHARS)
    assert sum(sent) < 50_000_000


def test_a_huge_head_is_no_answer() -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 5_000) for n in range(50))
    with listening(saying(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")) as server:
        told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
    assert (told.status, told.error) == (None, "answer-too-large")


def test_what_is_compressed_is_not_blown_up() -> None:
    answer = (
        b"HTTP/1.1 500 x\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    )
    with listening(saying(answer)) as server:
        told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
    assert told.status == 500


def test_a_message_beyond_the_bound_is_not_sent() -> None:
    with listening(saying(OK)) as server:
        told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/", b"x" * (BODY_BYTES + 1))
        assert (told.error, server.connections) == ("message-too-large", 0)


# --- what is told of it


def test_the_receivers_wish_and_words_are_told_without_control_characters() -> None:
    answer = (
        b"HTTP/1.1 503 x\r\nRetry-After: 120\r\nContent-Length: 12\r\n\r\na\x00b\x1b[31m\xffc\n\r"
    )
    with listening(saying(answer)) as server:
        told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
    assert (told.status, told.retry_after) == (503, 120.0)
    assert told.excerpt == "a b [31m\ufffdc  "


@pytest.mark.parametrize("answer", [b"", b"what?\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n"])
def test_nonsense_is_no_answer(answer: bytes) -> None:
    with listening(saying(answer)) as server:
        told = post(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
    assert (told.status, told.error) == (None, "no-answer")


def test_nobody_there_is_told_in_a_word() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert post(Sender(LOCAL), f"http://127.0.0.1:{port}/").error == "connection-refused"
    assert post(Sender(resolve=at()), "https://receiver.test/").error == "unknown-host"
    assert post(Sender(), "gopher://receiver.test/").error == "bad-url"


def test_the_systems_certificates_are_the_default() -> None:
    assert Sender()._trust.verify_mode is ssl.CERT_REQUIRED
