"""Causes and effects as a drawing: a Mermaid flowchart, from the first touch on the left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from services.analytics.domain.causes import Happening, Link

MEDIA_TYPE = "text/vnd.mermaid"
_PLAIN = re.compile(r"[A-Za-z0-9 .:,()_-]")


def drawing(
    asked: Happening, others: Sequence[Happening], links: Iterable[Link], *, cut: bool
) -> str:
    """`flowchart LR`: a node an event, the one that was asked about thicker; arrows to effects."""
    events = sorted([asked, *others], key=lambda one: (one.at, one.entry))
    names = {one.id: f"e{number}" for number, one in enumerate(events)}
    lines = ["flowchart LR"]
    lines += [f'  {names[one.id]}["{label(one)}"]' for one in events]
    lines += _arrows(names, links)
    lines.append(f"  style {names[asked.id]} stroke-width:4px")
    if cut:
        lines.append('  more["there is more than is drawn"]')
    return "\n".join(lines) + "\n"


def label(event: Happening) -> str:
    """`marketing: lead captured (2026-01-31)`."""
    _, _, name = event.type.partition(f"crm.{event.source}.")
    fact = re.sub(r"\.v\d+$", "", name or event.type).replace(".", " ").replace("_", " ")
    return escaped(f"{event.source}: {fact} ({event.at:%Y-%m-%d})")


def escaped(text: str) -> str:
    """Whatever could end a label or begin markup, by its number."""
    return "".join(one if _PLAIN.fullmatch(one) else f"#{ord(one)};" for one in text)


def _arrows(names: dict[str, str], links: Iterable[Link]) -> Iterator[str]:
    """One for each pair, with every rule that links the two."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for link in links:
        kinds.setdefault((names[link.cause], names[link.effect]), []).append(link.kind)
    for (cause, effect), told in kinds.items():
        yield f"  {cause} -->|{', '.join(told)}| {effect}"
