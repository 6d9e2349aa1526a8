"""What happens when the provider rolls its keys, and when it is away. Last: this changes it."""

from __future__ import annotations

from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.integration.gateway.little import until
from tests.oidc.conftest import Stage
from tests.oidc.realm import MACHINE
from tests.oidc.test_tokens import REFUSED, claims_of, kid_of

pytestmark = pytest.mark.oidc


def test_a_new_key_is_found_at_once_and_a_withdrawn_one_is_gone(stage: Stage) -> None:
    realm = stage.realm
    old, unshown = realm.token(MACHINE), realm.token(MACHINE)
    assert stage.judge(old) == "in"
    began_with = realm.signing_component()

    realm.add_key("next", priority=200)
    new = realm.token(MACHINE)
    assert kid_of(new) != kid_of(old)
    until(lambda: stage.judge(new) == "in")
    visitor = stage.visitor()
    assert visitor.sign_in("sam").status_code == 303  # ID tokens come by the new key too

    realm.withdraw_key(began_with)
    assert kid_of(old) not in [key["kid"] for key in realm.published_keys()]
    realm.add_key("third", priority=300)
    third = realm.token(MACHINE)
    until(lambda: stage.judge(third) == "in")  # the keys have been read anew
    assert stage.judge(unshown) == REFUSED
    assert stage.judge(new) == "in"


@pytest.fixture
def frozen(stage: Stage) -> Iterator[list[str]]:
    """The provider holds its tongue; tokens that it gave before."""
    tokens = [stage.realm.token(MACHINE) for _ in range(2)]
    until(lambda: stage.judge(tokens[0]) == "in")
    stage.keycloak.freeze()
    yield tokens
    stage.keycloak.thaw()


def test_while_it_is_away_its_word_goes_on(stage: Stage, frozen: list[str]) -> None:
    assert stage.judge(frozen[1]) == "in"  # never shown before, but its key is known
    own = ed25519.Ed25519PrivateKey.generate()
    strange = jwt.encode(claims_of(frozen[0]), own, "EdDSA", {"kid": "of-nobody"})
    until(lambda: stage.judge(strange) == "sign-in-away")  # its keys were read a moment ago
    assert stage.judge(frozen[0]) == "in"
