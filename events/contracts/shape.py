"""What a contract is made of; `base` registers contracts and checks facts against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import RAISE, Schema

Data = Mapping[str, Any]
"""JSON-shaped: str, int, bool, None, lists and string-keyed mappings of these."""


class Contract(Schema):
    """Base of every event schema. The class attributes are set by `base.contract`."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int]
    TYPE: ClassVar[str]
    AGGREGATE: ClassVar[str]
    CONTEXT: ClassVar[str]

    class Meta:
        unknown = RAISE
