"""JSON lines on standard error: one object an event, no bodies, no query strings, no locals.

An exception is told by its frames and types. What it says is left out: the message of a KeyError
is a key, that of a bulk write holds whole documents.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import orjson
import structlog
from structlog.typing import ExcInfo, Processor


def frames_and_types(exc_info: ExcInfo) -> str:
    """A traceback without what the exceptions say, causes first as Python prints them."""
    return "\n".join(_told(exc_info[1], set()))


def _told(error: BaseException, told: set[int]) -> Iterator[str]:
    told.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    others = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for one in (before, *others):
        if one is not None and id(one) not in told:
            yield from _told(one, told)
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield f"{type(error).__module__}.{type(error).__qualname__}"


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.ExceptionRenderer(frames_and_types),
]


def configure_logs(level: str, service: str, role: str) -> None:
    """Once per process: structlog, and the standard library's loggers, in the same lines.

    Raises KeyError for a level that does not exist.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    named = _named(service, role)
    structlog.configure(
        processors=[named, *_SHARED, structlog.processors.JSONRenderer(_render)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[named, *_SHARED],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(_render),
            ],
        )
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)
    # Its failures become problems, and Kafka's client retries by itself what it warns of.
    for noisy in ("urllib3", "kafka"):
        logging.getLogger(noisy).setLevel(
            logging.DEBUG if threshold == logging.DEBUG else logging.ERROR
        )


def _named(service: str, role: str) -> Processor:
    def add(_logger: Any, _method: str, line: Any) -> Any:
        line["service"], line["role"] = service, role
        return line

    return add


def _render(*args: Any, **kwargs: Any) -> str:
    return orjson.dumps(*args, **kwargs).decode()
