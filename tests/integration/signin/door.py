"""A door to sign in at: the pages of signing in, and one that tells who is in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import requests
from flask import Flask, Response, jsonify, request
from jinja2 import StrictUndefined
from werkzeug.serving import WSGIRequestHandler, make_server

from events.mongodb import Db, connect, database
from gateway.problems import Refusal


class Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Tests print nothing."""


def app_of(add_to: Callable[[Flask], None], identify: Callable[[Any], Any]) -> Flask:
    """As gateway/pages.py puts it together, with /whoami beside it."""

    def whoami() -> Any:
        identity = identify(request.environ)
        return jsonify(identity and [identity.issuer, identity.subject, identity.client_id])

    def refused(refusal: Refusal) -> Response:
        return Response(refusal.problem(), refusal.status, refusal.headers)

    app = Flask("gateway", static_folder=None)
    app.jinja_env.undefined = StrictUndefined
    app.register_error_handler(Refusal, refused)
    app.add_url_rule("/whoami", view_func=whoami, methods=["GET", "POST", "PUT", "DELETE"])
    app.add_url_rule("/", view_func=lambda: "home")
    add_to(app)
    return app


@contextmanager
def served(port: int, make: Callable[[], Flask]) -> Iterator[str]:
    """On a real socket, since the gateway is its own issuer's client."""
    server = make_server("127.0.0.1", port, make(), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def a_database(mongodb_uri: str) -> Iterator[Db]:
    with closing(connect(mongodb_uri, "tests")) as client:
        name = f"signin_{uuid4().hex[:12]}"
        yield database(client, name)
        client.drop_database(name)


class Visitor(requests.Session):
    """A browser that follows nothing by itself."""

    def __init__(self, gateway: str) -> None:
        super().__init__()
        self.gateway = gateway
        self.trust_env = False

    def get_page(self, path: str, **more: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.gateway}{path}"
        return self.get(url, allow_redirects=False, timeout=20, **more)

    def change(self, path: str = "/whoami", **headers: str) -> requests.Response:
        """A request that changes something, as a page of ours would make it."""
        sent = {"Origin": self.gateway, "Sec-Fetch-Site": "same-origin"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in sent.items() if value}
        return self.post(f"{self.gateway}{path}", headers=kept, allow_redirects=False, timeout=20)

    def who(self) -> Any:
        return self.get_page("/whoami").json()
