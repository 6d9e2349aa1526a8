"""What people write in several ways is one."""

from __future__ import annotations

import pytest

from gateway.platform.search.words import (
    LONGEST_RUN,
    LONGEST_WORD,
    address,
    bare,
    folded,
    like_a_phone,
    phone,
    region_of,
    words,
)


def test_width_case_and_accents_are_taken_away() -> None:
    assert folded("Ｅｌｏïse ÅNGSTRÖM") == "eloise angstrom"
    assert folded("Łukasz Sørensen, Straße") == "lukasz sorensen, strasse"


def test_marks_that_tell_letters_apart_stay() -> None:
    assert folded("がか") == "がか"
    assert folded("김") == "김"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("O'Brien-Smith, Zoë", ["brien", "smith", "zoe"]),
        ("Ada B. Lovelace", ["ada", "lovelace"]),
        ("X", ["x"]),
        ("王小明 Wang", ["王小明", "wang"]),
        ("李Li", ["李", "li"]),
        ("3M 3M", ["3m"]),
        ("!!!", []),
        ("x" * 100, ["x" * LONGEST_WORD]),
        ("王" * 100, ["王" * LONGEST_RUN]),
    ],
)
def test_a_name_falls_into_words(name: str, found: list[str]) -> None:
    assert words(name) == found


def test_numbers_and_addresses_have_one_form() -> None:
    assert bare("AB-12 34") == bare("ab1234") == "ab1234"
    assert address(" Ada@Example.org ") == "ada@example.org"


@pytest.mark.parametrize(
    ("number", "region", "found"),
    [
        ("+44 (0)20 7946 0018", None, ("442079460018", "2079460018")),
        ("0044 20 7946 0018", None, ("442079460018", "2079460018")),
        ("020 7946 0018", "GB", ("442079460018", "2079460018")),
        ("020 7946 0018", None, ("2079460018", "2079460018")),
        ("１３８１２３４５６７８", "CN", ("8613812345678", "13812345678")),
        ("0018", None, ("0018", "0018")),
        ("not a number", None, ("", "")),
        ("1" * 320, None, ("1" * 320, "1" * 320)),
        ("020 7946 0018", "QQ", ("2079460018", "2079460018")),
    ],
)
def test_a_phone_number_is_read_with_and_without_its_country(
    number: str, region: str | None, found: tuple[str, str]
) -> None:
    assert phone(number, region) == found


@pytest.mark.parametrize(
    ("locale", "region"),
    [("zh-CN", "CN"), ("zh-Hans-cn", "CN"), ("en", None), ("en-419", None), (None, None)],
)
def test_a_locale_tells_the_region(locale: str | None, region: str | None) -> None:
    assert region_of(locale) == region


def test_what_looks_like_a_phone_number() -> None:
    assert like_a_phone("+44 (0)20-7946.0018")
    assert not like_a_phone("TL-0042")
