"""Views of two versions of one projection, document by document: a rebuilt one equals the live."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.oracle.findings import Finding
from tests.oracle.places import Db, Document, Places

VERSIONED = re.compile(r"[a-z_]+_v(\d+)")


def check_versions(places: Places) -> Iterator[Finding]:
    """Compares the live version with the standby, where there is one."""
    with places.databases() as databases:
        for service, db in databases.items():
            pointer = db["projections"].find_one({"_id": "projection"})
            if pointer and pointer["standby"]:
                yield from _compare(service, db, pointer)
            if pointer:
                yield from _left_behind(service, db, pointer)


def _compare(service: str, db: Db, pointer: Document) -> Iterator[Finding]:
    live, other = pointer["live"], pointer["standby"]
    shared = set(pointer["views"][str(live)]) & set(pointer["views"][str(other)])
    for name in sorted({"timeline", *shared}):
        one, two = _documents(db, name, live), _documents(db, name, other)
        for id in one.keys() | two.keys():
            if one.get(id) != two.get(id):
                where = f"{service} {name} v{live} and v{other}"
                yield Finding("diverging", where, f"{id}: {_unlike(one.get(id), two.get(id))}")


def _left_behind(service: str, db: Db, pointer: Document) -> Iterator[Finding]:
    """Collections of a version that is not in the book: somebody began it again, or forgot it."""
    for name in db.list_collection_names():
        version = VERSIONED.fullmatch(name)
        if version and version[1] not in pointer["views"]:
            yield Finding("phantom", f"{service} {name}", "belongs to no version that is kept")


def _documents(db: Db, name: str, version: int) -> dict[object, Document]:
    return {one["_id"]: one for one in db[f"{name}_v{version}"].find()}


def _unlike(one: Document | None, two: Document | None) -> str:
    if one is None or two is None:
        return "only on one side"
    return ", ".join(sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key)))
