"""Indexes for lists: each filter with each sort, so that no page is sorted in memory."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import IndexModel


def list_indexes(filters: Sequence[str], sorts: Sequence[str]) -> list[IndexModel]:
    """One index for each sort alone and after each filter; `_id` makes every order total.

    Each is read in both directions. Several filters at once take the index of one of them and
    look at the rest of the document; so does a filter that is not named here.
    """
    return [
        IndexModel([(name, 1) for name in [*head, sort, "_id"]], name="__".join([*head, sort]))
        for sort in sorts
        for head in ([], *([one] for one in filters))
    ]
