"""JSON lines on standard error: one object an event, no bodies, no query strings, no locals."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import Processor

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,  # a plain traceback: values of locals are personal data
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
