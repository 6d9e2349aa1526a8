"""The policy once more, in other words: what a person should see, worked out without the code that
decides it. The table was copied by hand from what was agreed; a change there is to be made here.
"""

from __future__ import annotations

from tests.acceptance.enterprise import Enterprise, Person, Place

REACH = {
    # director, regional manager, marketer, seller, agent, analyst, integrator, auditor, admin
    "customers": ("all", "region", "all", "unit", "all", "all", "all", "all", ""),
    "leads": ("all", "region", "all", "unit", "unit", "all", "all", "all", ""),
    "orders": ("all", "region", "all", "team", "all", "all", "all", "all", ""),
    "opportunities": ("all", "region", "all", "team", "unit", "all", "all", "all", ""),
    "cases": ("all", "region", "all", "unit", "all", "all", "all", "all", ""),
    "timeline": ("all", "region", "all", "unit", "all", "all", "all", "all", ""),
    "complete order": ("all", "region", "", "own", "unit", "", "all", "", ""),
    "resolve case": ("all", "region", "", "own", "all", "", "all", "", ""),
}
_ORDER = (
    "director", "regional_manager", "marketer", "seller", "agent", "analyst", "integrator",
    "auditor", "administrator",
)  # fmt: skip

PERSONAL = set(_ORDER) - {"analyst", "administrator"}


def words(person: Person, what: str) -> set[str]:
    """How far each of his roles reaches; empty: he may not at all."""
    return {REACH[what][_ORDER.index(role)] for role in person.roles} - {""}


def may(person: Person, what: str) -> bool:
    return bool(words(person, what))


def sees(enterprise: Enterprise, person: Person, what: str, place: Place) -> bool:
    """Whether the record is there for him, by any of his roles."""
    return any(_reaches(enterprise, person, word, place) for word in words(person, what))


def _reaches(enterprise: Enterprise, person: Person, word: str, place: Place) -> bool:
    if word == "all" or place.owner == person.id:
        return True
    if word in ("team", "unit", "region") and place.team and place.team == person.team:
        return True
    if word in ("unit", "region") and place.org_unit in enterprise.below(person.org_unit):
        return True
    if word == "region":
        region = enterprise.region_of(person.org_unit)
        return region is not None and place.org_unit in enterprise.below(region)
    return False


def sees_personal(person: Person) -> bool:
    return bool(PERSONAL & set(person.roles))
