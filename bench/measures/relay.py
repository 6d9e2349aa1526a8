"""The relay, against a producer that has its bytes ready."""

from __future__ import annotations

from pathlib import Path

from bench import history
from bench.place import Place
from bench.results import Measure, Outcome, Rounds, Target
from bench.rounds import rounds

CONTEXT = "sales"
PROGRAMS = ("relay", "plain_producer")
TARGET = Target(0.6, 0.9)
ROUNDS_SECONDS = 60.0
ROWS, QUICK_ROWS = 30_000, 6_000

WHAT = """\
The relay of sales by itself: it reads the change stream from a position before the import, encodes
each event, sends, waits for all acknowledgements of each batch and keeps heads and position. The
baseline sends the same records, encoded beforehand, with the same producer settings (idempotent,
all replicas, lz4) and flushes once at the end (bench/programs/plain_producer.py). Each run
publishes to a topic of its own.\
"""


def take(place: Place, quick: bool) -> Outcome:
    past = history.imported(place, QUICK_ROWS if quick else ROWS)
    rates, processor = Rounds(), Rounds()
    for number in rounds(2 if quick else 4, ROUNDS_SECONDS):
        order = PROGRAMS if number % 2 == 0 else reversed(PROGRAMS)
        told = {program: _run(place, past, program) for program in order}
        ours, baseline = (told[program] for program in PROGRAMS)
        rates.add(ours["rate"], baseline["rate"])
        processor.add(ours["processor_us"], baseline["processor_us"])
    figures = [
        rates.figure("events published", "/s", TARGET),
        processor.figure("processor time", "µs", less_is_better=True),
    ]
    return Outcome(figures, [f"{past.events[CONTEXT]:,} events, two in each commit."])


def _run(place: Place, past: history.History, program: str) -> dict[str, float]:
    space = place.space("relay", data_of=past.space)
    return place.run(space, program, CONTEXT, past.events[CONTEXT])


def profile(place: Place, file: Path) -> None:
    past = history.imported(place, QUICK_ROWS)
    place.run(past.space, "relay", CONTEXT, past.events[CONTEXT], profile=file)


MEASURE = Measure("relay", "Relay", WHAT, take, profile)
