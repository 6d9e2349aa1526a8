"""`throughline import`: history from before go-live, as events that say when they happened."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from deploy.cli.support import EXIT_FAILED, Failure, json_option, server_config, show
from deploy.importing.history import History, load
from deploy.importing.importer import Outcome, perform, rehearse
from deploy.importing.places import Places
from deploy.importing.progress import Tell, shown, silent
from deploy.local.paths import purchases_folder
from events import crashing

FILE = "CDNOW_master.txt"
SHOWN_FAULTS = 20
"""Rows that the text names; `--json` names all of them."""


@click.group()
def importing() -> None:
    """History from before go-live, loaded as events.

    \b
    Example:
      throughline import purchases
    """


@importing.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", default="cdnow", help="Whose customers these are.", show_default=True)
@click.option("--dry-run", is_flag=True, help="Read and decide everything, write nothing.")
@click.option("--progress", is_flag=True, help="Show how far it is, on standard error.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N rows.")
@json_option
@click.pass_context
def purchases(
    ctx: click.Context,
    file: Path | None,
    source: str,
    dry_run: bool,
    progress: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """Import purchases: lines of customer, day (YYYYMMDD), number of CDs, dollars.

    Without FILE it is the CDNOW history, 69,659 purchases of 1997 and 1998. May be stopped, killed
    and run again at any time: what is there already is recognised by source, customer and day.
    Exits with 1 when a row was left out; all others are imported.

    \b
    Example:
      throughline import purchases --dry-run
      throughline import purchases old-shop.txt --source old_shop --progress
    """
    history = _history(file or purchases_folder() / FILE, source, limit)
    following = shown(len(history.purchases)) if progress else nullcontext(silent)
    with following as tell, _seldom_collecting():
        outcome = rehearse(history, tell) if dry_run else _perform(history, tell)
    show(_data(outcome), as_json, lambda: _text(outcome))
    if not outcome.good:
        ctx.exit(EXIT_FAILED)


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """The rows stay to the end and hold no cycles: looking for some took a third of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _history(file: Path, source: str, limit: int | None) -> History:
    if not source.isidentifier() or len(source) > 40:
        raise click.BadParameter("a word of letters, digits and _", param_hint="--source")
    try:
        return load(file, source, datetime.now(UTC).date(), limit)
    except FileNotFoundError:
        raise Failure(f"There is no {file}; `make run` fetches the CDNOW history") from None


def _perform(history: History, tell: Tell) -> Outcome:
    config = server_config()
    crashing.arm(config.crash_points)
    places = Places(config)
    try:
        return perform(history, places, tell)
    finally:
        places.close()


def _data(outcome: Outcome) -> dict[str, Any]:
    history = outcome.history
    return {
        "import_id": history.import_id,
        "source": history.source,
        "dry_run": outcome.held is None,
        "rows": history.rows,
        "new": outcome.purchases.new,
        "already_there": outcome.purchases.already,
        "rejected": [{"line": one.line, "reason": one.reason} for one in outcome.faults],
        "customers": {"new": outcome.customers.new, "already_there": outcome.customers.already},
        "file": outcome.told.to_data(),
        "stores": outcome.held and outcome.held.to_data(),
        "published": outcome.published,
    }


def _text(outcome: Outcome) -> str:
    lines = [
        f"{outcome.history.rows:,} rows: {outcome.purchases.new:,} new, "
        f"{outcome.purchases.already:,} already there, {len(outcome.faults):,} left out",
        f"The file tells:  {outcome.told}",
    ]
    if outcome.held is None:
        lines.append("Nothing was written: it was a dry run")
    else:
        lines.append(f"The stores hold: {outcome.held}")
    lines += [f"  line {one.line}: {one.reason}" for one in outcome.faults[:SHOWN_FAULTS]]
    if len(outcome.faults) > SHOWN_FAULTS:
        lines.append(f"  and {len(outcome.faults) - SHOWN_FAULTS:,} more; --json names all")
    if outcome.published is False:
        lines.append("Kafka did not take the import's own events; run it again to publish them")
    return "\n".join(lines)
