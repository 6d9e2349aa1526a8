"""Pages of the platform for people without a console: rendered whole, escaped everywhere.

A browser is allowed one thing beside the text, the style sheet of the gateway: no script, no
picture, no other host.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HTML = "text/html"
POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


def page(template: str, **facts: Any) -> str:
    return _PAGES.get_template(template).render(**facts)


def moment(at: datetime) -> str:
    """`31 January 2026, 09:15 UTC`."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["moment"] = moment
