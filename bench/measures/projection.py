"""A projection caught up from zero, against a loop that only parses and inserts."""

from __future__ import annotations

from pathlib import Path

from bench import history
from bench.place import Place, Space
from bench.results import Figure, Measure, Outcome, Rounds, Target
from bench.rounds import rounds

SERVICES = ("sales", "analytics", "marketing", "service")
JUDGED = SERVICES[0]
"""Sales has the most to do with orders: three views besides the timeline."""

ROWS, QUICK_ROWS = 30_000, 6_000
ROUNDS_SECONDS = 90.0
TARGET = Target(0.4, 0.8)

WHAT = """\
One process of a service's projector alone, over all topics from the first record to the last:
real orders (each placed and completed) and their customers, published by the relay. The baseline
reads the same records with the same Kafka client, parses them and writes each poll with one
`insert_many` (`w: majority, j: true`) into a collection with one index
(bench/programs/plain_projection.py). Both include joining and the first fetch. Sales, whose views
have the most to do with orders, is judged; the other services are measured once.\
"""


def take(place: Place, quick: bool) -> Outcome:
    past = history.imported(place, QUICK_ROWS if quick else ROWS)
    records = history.published(place, past)
    rates, processor = Rounds(), Rounds()
    for number in rounds(2 if quick else 3, ROUNDS_SECONDS):
        ours, baseline = _round(place, past.space, records, ours_first=number % 2 == 0)
        rates.add(ours["rate"], baseline["rate"])
        processor.add(ours["processor_us"], baseline["processor_us"])
    figures = [
        rates.figure(f"{JUDGED}: events applied", "/s", TARGET),
        processor.figure(f"{JUDGED}: processor time", "µs", less_is_better=True),
    ]
    if not quick:
        figures += [_other(place, past.space, records, name) for name in SERVICES[1:]]
    return Outcome(figures, [f"{records:,} records in six partitions of each topic."])


def _round(
    place: Place, log: Space, records: int, *, ours_first: bool
) -> tuple[dict[str, float], dict[str, float]]:
    """What both programs answered."""
    if ours_first:
        ours = _projected(place, log, records, JUDGED)
        return ours, _plain(place, log, records)
    baseline = _plain(place, log, records)
    return _projected(place, log, records, JUDGED), baseline


def _other(place: Place, log: Space, records: int, service: str) -> Figure:
    rate = _projected(place, log, records, service)["rate"]
    return Figure(f"{service}: events applied", "/s", rate)


def _projected(place: Place, log: Space, records: int, service: str) -> dict[str, float]:
    return place.run(place.space("projection", log_of=log), "projection", service, records)


def _plain(place: Place, log: Space, records: int) -> dict[str, float]:
    return place.run(place.space("plain", log_of=log), "plain_projection", records)


def profile(place: Place, file: Path) -> None:
    past = history.imported(place, QUICK_ROWS)
    records = history.published(place, past)
    space = place.space("projection", log_of=past.space)
    place.run(space, "projection", JUDGED, records, profile=file)


MEASURE = Measure("projection", "Projection from zero", WHAT, take, profile)
