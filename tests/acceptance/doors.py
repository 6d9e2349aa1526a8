"""How the people of a made-up enterprise come in: let into the directory, and signed in."""

from __future__ import annotations

from tests.acceptance.api import Api, eventually
from tests.acceptance.enterprise import Enterprise, Person
from tests.acceptance.system import System


class Doors:
    """Lets everybody in when it is made; returns when the gateway knows them all."""

    def __init__(self, system: System, enterprise: Enterprise) -> None:
        self._system = system
        self._apis: dict[str, Api] = {}
        for part, parent in enterprise.parents.items():
            body = {"kind": enterprise.kinds[part], "name": part, "parent": parent}
            system.api.create(f"/v1/platform/org-units/{part}", body)
        for person in enterprise.people:
            let_in(system.api, person)
        eventually(lambda: self.api(enterprise.people[-1]).get("/v1/platform/users").ok)

    def api(self, person: Person) -> Api:
        """The public API as he sees it."""
        if person.id not in self._apis:
            self._apis[person.id] = self._system.api_of(person.id)
        return self._apis[person.id]


def let_in(api: Api, person: Person) -> None:
    """As an administrator does; the login is the id."""
    body = {"login": person.id, "org_unit": person.org_unit, "roles": list(person.roles)}
    if person.team:
        body["team"] = person.team
    api.create(f"/v1/platform/users/{person.id}", body)
