"""The same command through the gateway, against the same baseline asked directly."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bench.measures.commands import (
    CLIENTS,
    PROFILE_SECONDS,
    Side,
    compare,
    lengths,
)
from bench.place import Place
from bench.results import Measure, Outcome, Target

PATH = "/v1/sales/orders"

WHAT = f"""\
`POST {PATH}` at the gateway, which relays it to sales' web process; the baseline is the same
Flask program as above and is asked directly, without a proxy before it. Again no worker runs.
Latency with one client, throughput with {CLIENTS}. Processor time is the
gateway's own, sales' comes on top.\
"""


def take(place: Place, quick: bool) -> Outcome:
    with ExitStack() as running:
        bare = running.enter_context(place.bare())
        space = place.space("gateway")
        sales = running.enter_context(place.web(space, "sales"))
        gateway = running.enter_context(place.gateway(space, {"sales": sales}))
        sides = {"baseline": Side(bare), "ours": Side(gateway, PATH)}
        found = compare(sides, *lengths(quick))
    return Outcome(found["ours"].figures(Target(0.35, 0.6)))


def profile(place: Place, file: Path) -> None:
    space = place.space("profile")
    with (
        place.web(space, "sales") as sales,
        place.gateway(space, {"sales": sales}, profile=file) as gateway,
    ):
        Side(gateway, PATH).load(1, PROFILE_SECONDS)


MEASURE = Measure("gateway", "Command through the gateway", WHAT, take, profile)
