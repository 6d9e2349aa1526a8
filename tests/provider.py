"""A little identity provider on a real socket, to be told how to behave.

with a_provider() as provider:
    provider.token(sub="sam")             # any claim, any header
    provider.roll("next")                 # from now on signs with another key
    provider.away = True                  # answers 503
    provider.granted = {"id_token": ...}  # what its token endpoint gives
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "throughline"
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
PRIVATE_KEYS: dict[str, Any] = {
    "rsa": RSA_KEY,
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "ed": ed25519.Ed25519PrivateKey.generate(),
    "short": rsa.generate_private_key(65537, 1024),  # what nobody should believe any more
}
OMITTED = object()


def jwk(kid: str | None, private: Any, **more: Any) -> dict[str, Any]:
    """The public half, as a provider tells it."""
    if isinstance(private, rsa.RSAPrivateKey):
        told = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        told = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    else:
        told = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    told.pop("key_ops", None)
    return {**told, "kid": kid, "use": "sig", **more}


class Provider:
    """What it tells, and how; `asked` are the paths it was asked for."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.kid, self.private = "first", RSA_KEY
        self.keys = {"first": jwk("first", RSA_KEY)}
        self.discovery: dict[str, Any] = {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/keys",
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "end_session_endpoint": f"{issuer}/end",
        }
        self.granted: dict[str, Any] = {}
        self.posted: list[dict[str, str]] = []
        self.away = False
        self.instead: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.asked: list[str] = []

    def roll(self, kid: str, private: Any = OTHER_RSA_KEY, **more: Any) -> None:
        """Signs with another key from now on; the old one is withdrawn."""
        self.kid, self.private = kid, private
        self.keys = {kid: jwk(kid, private, **more)}

    def token(
        self,
        *,
        seconds: float = 600,
        algorithm: str = "RS256",
        headers: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """An access token for `seconds`; a claim that is OMITTED is left out."""
        now = int(time.time())
        stamped = {"iss": self.issuer, "aud": AUDIENCE, "sub": "sam", "iat": now}
        told = {**stamped, "exp": int(now + seconds), **claims}
        kept = {name: value for name, value in told.items() if value is not OMITTED}
        head = {"typ": "JWT", "kid": self.kid, **(headers or {})}
        return jwt.PyJWS().encode(json.dumps(kept).encode(), self.private, algorithm, head)

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        self.asked.append(call.path)
        if self.instead is not None:
            self.instead(call)
        elif self.away:
            reply(call, 503, b"{}")
        elif call.path == "/token":
            body = call.rfile.read(int(call.headers["Content-Length"]))
            self.posted.append(dict(parse_qsl(body.decode())))
            reply(call, 400 if "error" in self.granted else 200, orjson.dumps(self.granted))
        elif call.path.endswith("/openid-configuration"):
            reply(call, 200, orjson.dumps(self.discovery))
        else:
            reply(call, 200, orjson.dumps({"keys": list(self.keys.values())}))


def reply(call: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    call.send_response(status)
    for name, value in headers.items():
        call.send_header(name, value)
    call.send_header("Content-Length", str(len(body)))
    call.end_headers()
    call.wfile.write(body)


@contextmanager
def a_provider() -> Iterator[Provider]:
    class Call(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(ConnectionError):
                provider.answer(self)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *args: Any) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Call)
    server.daemon_threads = True
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
