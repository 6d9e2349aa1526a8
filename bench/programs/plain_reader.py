"""The baseline of the feed: poll and parse, nothing else.

python -m bench.programs.plain_reader <records>
"""

from __future__ import annotations

import sys

import orjson

from bench.programs.plain_projection import consumer_of
from bench.programs.running import answer, until
from events.config import load_config


def main(records: int) -> None:
    consumer = consumer_of(load_config())
    done = [0]

    def step() -> None:
        polled = consumer.poll(timeout_ms=250)
        done[0] += len([orjson.loads(one.value) for batch in polled.values() for one in batch])

    answer(records, until(lambda: done[0] >= records, step))


if __name__ == "__main__":
    main(int(sys.argv[1]))
