"""A browser that goes one step at a time, and fills in Keycloak's forms."""

from __future__ import annotations

import html
import re
from typing import Any

import requests

from tests.oidc.realm import PASSWORD

SECONDS = 30.0
_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')


class Visitor(requests.Session):
    def __init__(self, gateway: str) -> None:
        super().__init__()
        self.trust_env = False
        self.gateway = gateway

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        """Keycloak's cookies are Secure: browsers send them on loopback without TLS too."""
        answer = super().send(request, **more)
        for cookie in self.cookies:
            cookie.secure = False
        return answer

    def step(self, url: str) -> requests.Response:
        where = url if url.startswith("http") else f"{self.gateway}{url}"
        return self.get(where, allow_redirects=False, timeout=SECONDS)

    def sign_in(self, name: str, password: str = PASSWORD, wanted: str = "/") -> requests.Response:
        """What the gateway's callback answers, or Keycloak's page when it lets nobody in."""
        back = self.sign_in_at_provider(name, password, wanted)
        return self.step(back.headers["Location"]) if back.is_redirect else back

    def sign_in_at_provider(
        self, name: str, password: str = PASSWORD, wanted: str = "/"
    ) -> requests.Response:
        """Keycloak's answer to the form: it leads back to the gateway."""
        begun = self.get(
            f"{self.gateway}/signin",
            params={"next": wanted},
            allow_redirects=False,
            timeout=SECONDS,
        )
        assert begun.status_code == 303, begun.text
        page = self.step(begun.headers["Location"])
        if page.is_redirect:  # Keycloak knows this browser
            return page
        form = {"username": name, "password": password}
        return self.post(form_of(page), form, allow_redirects=False, timeout=SECONDS)

    def change(self, path: str, **headers: str) -> requests.Response:
        """A request that changes something, as a page of the gateway would make it."""
        sent = {"Origin": self.gateway, "Sec-Fetch-Site": "same-origin"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.gateway}{path}"
        return self.post(url, headers=sent, allow_redirects=False, timeout=SECONDS)


def form_of(page: requests.Response) -> str:
    """Where the form of a page leads."""
    found = _FORM.search(page.text)
    assert found is not None, f"{page.status_code}: {page.text[:2000]}"
    return html.unescape(found[1])
