"""JSON lines on standard error: one object a line, no bodies, no query strings, no locals."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor


def _named(_logger: Any, _method: str, line: EventDict) -> EventDict:
    line["service"] = "gateway"
    return line


def _render(*args: Any, **kwargs: Any) -> str:
    return orjson.dumps(*args, **kwargs).decode()


_SHARED: list[Processor] = [
    _named,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,  # a plain traceback: values of locals are personal data
]


def configure_logs(level: str) -> None:
    """Sets up structlog, and the standard library's loggers to end in the same lines."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer(_render)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(_render),
            ],
        )
    )
    logging.basicConfig(level=max(threshold, logging.INFO), handlers=[handler], force=True)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its failures become problems
