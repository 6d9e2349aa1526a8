"""The profile: typed fields, each with where its value came from, and everything it ever was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.local.paths import ROOT
from tests.acceptance import stories
from tests.acceptance.api import Api, Done

pytestmark = pytest.mark.feature("S69")

UPDATED = "crm.marketing.customer.profile_updated.v1"
PUBLISHED: Path = ROOT / "events" / "contracts" / "published"

FIRST: dict[str, Any] = {
    "name": "Lin Chen",
    "birth_date": "1984-02-29",
    "family": {"status": "married", "children": 2},
    "work": {"employer": "Acme", "occupation": "engineer"},
    "income": stories.dollars("52000.00"),
    "address": {"city": "Riga", "country": "LV", "lines": ["Brivibas 1"]},
    "hobbies": ["chess", "sailing"],
    "purchase_preference": {"categories": ["books"], "price_band": "middle"},
}
"""Everything that was asked for, and nothing else."""

THEN: dict[str, Any] = {
    "name": "Lin Chen-Berg",
    "income": stories.dollars("61000.00"),
    "hobbies": ["chess"],
    "birth_date": None,
}

WRONG: dict[str, Any] = {
    "name": 7,
    "birth_date": "1984-02-30",
    "family": {"children": "two"},
    "work": "engineer",
    "income": "52000",
    "address": {"city": "Riga"},
    "hobbies": "chess",
    "purchase_preference": {"categories": [1]},
}


def update(api: Api, customer_id: str, values: dict[str, Any], source: str, actor: str) -> Done:
    path = f"/v1/marketing/customers/{customer_id}/profile"
    return api.change(path, {"values": values, "source": source, "actor": actor})


def test_each_value_says_where_it_came_from_and_what_it_was(api: Api) -> None:
    customer_id = stories.customer(api).id
    first = update(api, customer_id, FIRST, "interview", "ann")
    then = update(api, customer_id, THEN, "web_form", "bob")
    profile = api.read(f"/v1/marketing/customers/{customer_id}/summary", after=[then])["profile"]

    expected = {
        **{name: (value, "interview", "ann") for name, value in FIRST.items()},
        **{name: (value, "web_form", "bob") for name, value in THEN.items()},
    }
    del expected["birth_date"]  # it is not known any more
    told = {name: (one["value"], one["source"], one.get("actor")) for name, one in profile.items()}
    assert {name: told[name] for name in expected} == expected
    assert "birth_date" not in told

    path = f"/v1/marketing/customers/{customer_id}/timeline"
    later, earlier = api.read(path, after=[first, then], type=UPDATED)["items"]
    assert {one["field"]: (one["old"], one["new"]) for one in earlier["data"]["changes"]} == {
        name: (None, value) for name, value in FIRST.items()
    }
    assert {one["field"]: (one["old"], one["new"]) for one in later["data"]["changes"]} == {
        name: (FIRST[name], value) for name, value in THEN.items()
    }


@pytest.mark.parametrize("field", WRONG)
def test_a_value_of_another_type_is_refused(api: Api, field: str) -> None:
    customer = stories.customer(api)
    path = f"/v1/marketing/customers/{customer.id}"
    body = {"values": {"name": "Fine", field: WRONG[field]}, "source": "web_form"}
    answer = api.post(f"{path}/profile", body, If_Match='"1"')
    assert answer.status_code == 422
    pointers = [one["pointer"] for one in answer.json()["errors"]]
    assert all(pointer.startswith(f"/values/{field}") for pointer in pointers)
    assert pointers
    assert api.read(path, after=[customer])["version"] == 1


def test_what_a_value_was_and_is_counts_as_personal() -> None:
    """In the contract that integrators read: whoever stores it knows what he stores."""
    schema = json.loads((PUBLISHED / f"{UPDATED}.json").read_text())
    change = schema["properties"]["changes"]["items"]["properties"]
    assert change["old"]["x-personal-data"] is True
    assert change["new"]["x-personal-data"] is True
