"""`throughline projections`: versions of the read models, changed without a pause."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from deploy.cli.houses import house_of, service_option
from deploy.cli.support import EXIT_FAILED, json_option, report, show
from events.projection.comparing import Comparison
from events.projection.versions import Versions
from events.runtime.rebuilding import Progress, Rebuild


@click.group()
def projections() -> None:
    """The versions of each service's projection: rebuild, compare, swap, go back.

    \b
    Example:
      throughline projections rebuild --service sales --swap
    """


@projections.command("list")
@service_option
@json_option
def list_versions(services: tuple[str, ...], as_json: bool) -> None:
    """Show which version is live, which stands by, which is being built.

    \b
    Example:
      throughline projections list
    """
    found: dict[str, Any] = {}
    for service in services:
        with house_of(service) as house:
            found[service] = asdict(house.versions.read())
    show(found, as_json, lambda: "\n".join(_line(name, one) for name, one in found.items()))


@projections.command()
@service_option
@click.option("--swap", "then_swap", is_flag=True, help="Swap when both versions are equal.")
@click.option("--with-skipped", is_flag=True, help="Give views the events that were skipped.")
@json_option
def rebuild(services: tuple[str, ...], then_swap: bool, with_skipped: bool, as_json: bool) -> None:
    """Build a new version from the first event on, beside the live one.

    An interrupted rebuild goes on where it was. Without --swap the new version waits for
    `projections compare` and `projections swap`. What `parked skip` left out of the live version
    is left out again, unless the repaired code is to have it.

    \b
    Example:
      throughline projections rebuild --service sales
    """
    done: dict[str, Any] = {}
    for service in services:
        with house_of(service) as house:
            rebuilding = Rebuild(house)
            version = rebuilding.begin(with_skipped=with_skipped)
            done[service] = _rebuild(service, version, rebuilding, then_swap)
    show(done, as_json, lambda: "\n".join(f"{name}: {one}" for name, one in done.items()))


@projections.command()
@service_option
@json_option
@click.pass_context
def compare(ctx: click.Context, services: tuple[str, ...], as_json: bool) -> None:
    """Compare the live version with the built one, or with the one that stands by.

    Exits with 1 when they differ.

    \b
    Example:
      throughline projections compare --service sales
    """
    found: dict[str, Comparison] = {}
    for service in services:
        with house_of(service) as house:
            found[service] = Rebuild(house).compare()
    data = {service: asdict(comparison) for service, comparison in found.items()}
    show(data, as_json, lambda: "\n".join(_compared(name, one) for name, one in found.items()))
    if not all(comparison.equal for comparison in found.values()):
        ctx.exit(EXIT_FAILED)


@projections.command()
@service_option
@json_option
def swap(services: tuple[str, ...], as_json: bool) -> None:
    """Make the built version live. Reads follow within a second.

    \b
    Example:
      throughline projections swap --service sales
    """
    _move(services, as_json, lambda rebuilding: rebuilding.swap())


@projections.command()
@service_option
@json_option
def rollback(services: tuple[str, ...], as_json: bool) -> None:
    """Go back to the version that was live before the last swap.

    \b
    Example:
      throughline projections rollback --service sales
    """
    _move(services, as_json, lambda rebuilding: rebuilding.rollback())


@projections.command()
@service_option
@json_option
def abandon(services: tuple[str, ...], as_json: bool) -> None:
    """Drop the version that is being built.

    \b
    Example:
      throughline projections abandon --service sales
    """
    _move(services, as_json, lambda rebuilding: rebuilding.abandon())


def _rebuild(service: str, version: int, rebuilding: Rebuild, then_swap: bool) -> dict[str, Any]:
    def tell(progress: Progress) -> None:
        if progress.applied // 10_000 != tell_at[0]:
            tell_at[0] = progress.applied // 10_000
            report(f"{service} v{version}: {progress.applied} applied, {progress.ahead} ahead")

    tell_at = [0]
    progress = rebuilding.run(tell)
    outcome: dict[str, Any] = {"version": version, "applied": progress.applied, "swapped": False}
    if then_swap:
        comparison = rebuilding.compare()
        outcome["differences"] = len(comparison.differences)
        if comparison.equal:
            rebuilding.run(tell)
            rebuilding.swap()
            outcome["swapped"] = True
    return outcome


def _move(services: tuple[str, ...], as_json: bool, act: Any) -> None:
    moved: dict[str, Any] = {}
    for service in services:
        with house_of(service) as house:
            versions: Versions = act(Rebuild(house))
            moved[service] = asdict(versions)
    show(moved, as_json, lambda: "\n".join(_line(name, one) for name, one in moved.items()))


def _line(service: str, versions: dict[str, Any]) -> str:
    standby, building = versions["standby"], versions["building"]
    rest = "".join(
        f", {what} {number}"
        for what, number in (("standby", standby), ("building", building))
        if number is not None
    )
    return f"{service}: live {versions['live']}{rest}"


def _compared(service: str, comparison: Comparison) -> str:
    total = sum(comparison.documents.values())
    if comparison.equal:
        return f"{service}: equal in {total} documents"
    lines = [f"{service}: {len(comparison.differences)} differences in {total} documents"]
    lines += [f"  {one.collection} {one.id}: {one.what}" for one in comparison.differences]
    return "\n".join(lines)
