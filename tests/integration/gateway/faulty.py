"""Answers that are none: what a foreign service may do instead of answering."""

from __future__ import annotations

import threading
from contextlib import suppress

from tests.integration.gateway.little import Call

OVER = threading.Event()
"""Lets those go that keep silent: a test sets it at its end."""


def broken(call: Call) -> None:
    call.raw(b"")


def silent(call: Call) -> None:
    OVER.wait(10)


def failing(call: Call) -> None:
    call.answer(500, b'{"status": 500}')


def no_json(call: Call) -> None:
    call.answer(200, b"<html>")


def endless(call: Call) -> None:
    call.send_response_only(200)
    call.end_headers()
    with suppress(OSError):
        while True:
            call.wfile.write(b" " * 65536)
