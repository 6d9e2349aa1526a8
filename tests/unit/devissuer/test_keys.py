"""The development issuer's key and its tokens."""

from __future__ import annotations

import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from events.access.rights import ROLES
from gateway.devissuer.keys import signing_key
from gateway.devissuer.minting import AUDIENCE, Mint
from gateway.devissuer.people import ORG_UNITS, PEOPLE
from gateway.problems import Refusal
from gateway.signin.bearer import Bearer
from gateway.signin.keys import OwnKeys

ISSUER = "http://127.0.0.1:8000/dev/issuer"


def test_the_key_is_made_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "issuer.pem"
    made = signing_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert signing_key(file).kid == made.kid
    assert list(file.parent.iterdir()) == [file]


def test_those_who_begin_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(signing_key, [tmp_path / "issuer.pem"] * 8))
    assert len({key.kid for key in keys}) == 1


def test_a_file_that_is_no_such_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "issuer.pem"
    file.write_text("nothing")
    with pytest.raises(ValueError):
        signing_key(file)
    assert file.read_text() == "nothing"


def test_its_tokens_are_believed_by_the_verifier_and_only_under_its_name(tmp_path: Path) -> None:
    file = tmp_path / "issuer.pem"
    keys = OwnKeys(signing_key(file).jwk)
    identity = Bearer(ISSUER, AUDIENCE, keys).verify(Mint(file, ISSUER).token("sam", 60))
    assert identity.subject == "sam"
    assert 50 < identity.expires_at - time.time() <= 60
    for token in (
        Mint(file, "http://127.0.0.1:8001/dev/issuer").token("sam"),
        Mint(file, ISSUER, "another").token("sam"),
        Mint(file, ISSUER).token("sam", -60),
        Mint(tmp_path / "other.pem", ISSUER).token("sam"),
    ):
        with pytest.raises(Refusal):
            Bearer(ISSUER, AUDIENCE, keys).verify(token)


def test_the_little_enterprise_is_whole() -> None:
    parts = {"root": "root", **{one.id: one.kind for one in ORG_UNITS}}
    above = {"region": "root", "unit": "region", "team": "unit"}
    for part in ORG_UNITS:
        assert parts[part.parent] == above[part.kind], part
    for person in PEOPLE:
        assert person.roles
        assert set(person.roles) <= set(ROLES), person
        assert parts[person.org_unit] != "team", person
        assert person.team is None or parts[person.team] == "team", person
        assert (person.secret is not None) == (person.kind == "machine"), person
    assert {role for person in PEOPLE for role in person.roles} == set(ROLES)
