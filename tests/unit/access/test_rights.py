"""The table of rights is read strictly, and denies by default."""

import pytest

from events.access.rights import RIGHTS, ROLES, Level, Rights, UnknownRight, level_of

HEAD = "head of the table\n"


def row(name: str, *cells: str) -> str:
    return f"{HEAD}{name} {' '.join(cells or ('-',) * len(ROLES))}\n"


def test_a_role_that_the_table_does_not_know_has_no_right_at_all() -> None:
    for right in RIGHTS.names:
        assert level_of(right, frozenset({"janitor"})) is Level.NONE
        assert level_of(right, frozenset()) is Level.NONE


def test_a_right_that_the_table_does_not_know_is_an_error_and_not_a_no() -> None:
    with pytest.raises(UnknownRight, match=r"order\.steal"):
        level_of("order.steal", frozenset({"director"}))


def test_several_roles_reach_as_far_as_the_farthest_of_them() -> None:
    assert level_of("order.read", frozenset({"seller"})) is Level.TEAM
    assert level_of("order.read", frozenset({"seller", "regional_manager"})) is Level.REGION
    assert level_of("order.read", frozenset({"seller", "analyst"})) is Level.ALL


def test_every_cell_of_a_row_is_read_in_the_order_of_the_roles() -> None:
    cells = ["all", "region", "unit", "team", "own", "-", "all", "-", "own"]
    table = Rights(row("x.read", *cells))
    told = [table.of_role("x.read", role).name.lower() for role in ROLES]
    assert told == ["none" if cell == "-" else cell for cell in cells]


@pytest.mark.parametrize(
    "table",
    [
        row("x.read", "all"),
        row("x.read", *["everything"] * len(ROLES)),
        row("x.read", *["all"] * (len(ROLES) + 1)),
        row("", *["all"] * len(ROLES)),
        row("x.read") + row("x.read").removeprefix(HEAD),
        row("x.read *", *["team"] * len(ROLES)),
    ],
    ids=["too few", "unknown word", "too many", "no name", "twice", "a part of the whole"],
)
def test_a_table_with_a_slip_is_not_read(table: str) -> None:
    with pytest.raises(ValueError, match=r"unreadable|twice|whole"):
        Rights(table)


def test_only_the_administrator_changes_the_directory_and_reads_no_customers() -> None:
    administrator = frozenset({"administrator"})
    others = frozenset(ROLES) - administrator
    assert level_of("directory.manage", administrator) is Level.ALL
    assert level_of("directory.manage", others) is Level.NONE
    for right in ("customer.read", "timeline.read", "event.read", "personal.read"):
        assert level_of(right, administrator) is Level.NONE


def test_an_auditor_and_an_analyst_change_nothing_of_customers() -> None:
    watching = frozenset({"auditor", "analyst"})
    verbs = ("register", "change", "capture", "qualify", "manage", "answer", "work")
    for right in RIGHTS.names:
        if right.endswith(verbs):
            assert level_of(right, watching) is Level.NONE, right
