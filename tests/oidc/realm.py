"""The enterprise's realm in Keycloak: clients with their kinks, two people, one of whom we know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.oidc.keycloak import ASK_SECONDS, Admin

NAME = "enterprise"
SECRET = "of-the-client"
PASSWORD = "of-the-person"
GATEWAY, MACHINE, DIRECT, BRIEF, STRANGER = "gateway", "machine", "direct", "brief", "stranger"
SIGNED = {"signs-es256": "ES256", "signs-eddsa": "EdDSA", "signs-ps256": "PS256"}

AUDIENCE = {
    "name": "audience",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-audience-mapper",
    "config": {"included.custom.audience": "throughline", "access.token.claim": "true"},
}


@dataclass
class Realm:
    """`subjects` are Keycloak's ids, by the name of a person or of a machine's client."""

    admin: Admin
    clients: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"{self.admin.address}/realms/{NAME}"

    def token(self, client: str) -> str:
        """An access token of a machine."""
        return str(self.tokens(client, grant_type="client_credentials")["access_token"])

    def tokens(self, client: str, **form: str) -> dict[str, Any]:
        url = f"{self.issuer}/protocol/openid-connect/token"
        asked = {"client_id": client, "client_secret": SECRET, **form}
        answer = requests.post(url, asked, timeout=ASK_SECONDS)
        assert answer.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def published_keys(self) -> list[dict[str, Any]]:
        url = f"{self.issuer}/protocol/openid-connect/certs"
        found: list[dict[str, Any]] = requests.get(url, timeout=ASK_SECONDS).json()["keys"]
        return found

    def add_key(self, name: str, priority: int) -> str:
        """Keycloak signs with the key of the highest priority."""
        config = {"priority": [str(priority)], "enabled": ["true"], "active": ["true"]}
        return self.admin.post(
            f"/{NAME}/components",
            {
                "name": name,
                "providerId": "rsa-generated",
                "providerType": "org.keycloak.keys.KeyProvider",
                "config": config,
            },
        )

    def withdraw_key(self, component: str) -> None:
        self.admin.change(f"/{NAME}/components/{component}", config={"enabled": ["false"]})

    def signing_component(self) -> str:
        """The key provider that the realm began with."""
        kind = "org.keycloak.keys.KeyProvider"
        found = self.admin.get(f"/{NAME}/components", type=kind, name="rsa-generated")
        return str(found[0]["id"])

    def access_seconds(self, client: str, seconds: int) -> None:
        """How long access tokens of the client are good from now on."""
        self.admin.change(
            f"/{NAME}/clients/{self.clients[client]}",
            attributes={"access.token.lifespan": str(seconds)},
        )

    def count(self, event: str) -> int:
        """How often it happened, as Keycloak's own log tells."""
        return len(self.admin.get(f"/{NAME}/events", type=event, max="1000"))

    def sessions(self, person: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.admin.get(
            f"/{NAME}/users/{self.subjects[person]}/sessions"
        )
        return found

    def throw_out(self, person: str) -> None:
        """An administrator ends all sessions of somebody."""
        self.admin.post(f"/{NAME}/users/{self.subjects[person]}/logout")


def a_realm(admin: Admin, gateway: str) -> Realm:
    """Made anew; browsers find the gateway at `gateway`."""
    admin.post(
        "",
        {
            "realm": NAME,
            "enabled": True,
            "accessTokenLifespan": 600,
            "revokeRefreshToken": True,
            "eventsEnabled": True,
            "enabledEventTypes": ["LOGIN", "REFRESH_TOKEN", "REFRESH_TOKEN_ERROR"],
        },
    )
    realm = Realm(admin)
    _add(realm, GATEWAY, **_for_browsers(gateway))
    for name in (MACHINE, BRIEF, *SIGNED):
        attributes = {"access.token.signed.response.alg": SIGNED[name]} if name in SIGNED else {}
        _add_machine(realm, name, attributes=attributes, protocolMappers=[AUDIENCE])
    _add_machine(realm, STRANGER)
    _add(realm, DIRECT, directAccessGrantsEnabled=True, protocolMappers=[AUDIENCE])
    for person in ("sam", "eve"):
        realm.subjects[person] = admin.post(f"/{NAME}/users", _person(person))
    return realm


def _for_browsers(gateway: str) -> dict[str, Any]:
    return {
        "standardFlowEnabled": True,
        "redirectUris": [f"{gateway}/signin/callback"],
        "attributes": {
            "post.logout.redirect.uris": f"{gateway}/",
            "pkce.code.challenge.method": "S256",  # Keycloak insists on it then
        },
    }


def _add(realm: Realm, name: str, **more: Any) -> None:
    kind = {"publicClient": False, "standardFlowEnabled": False}
    told = {"clientId": name, "secret": SECRET, **kind, **more}
    realm.clients[name] = realm.admin.post(f"/{NAME}/clients", told)


def _add_machine(realm: Realm, name: str, **more: Any) -> None:
    _add(realm, name, serviceAccountsEnabled=True, **more)
    path = f"/{NAME}/clients/{realm.clients[name]}/service-account-user"
    realm.subjects[name] = realm.admin.get(path)["id"]


def _person(name: str) -> dict[str, Any]:
    return {
        "username": name,
        "enabled": True,
        "emailVerified": True,
        "email": f"{name}@enterprise.example",
        "firstName": name.title(),
        "lastName": "Example",
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
    }
