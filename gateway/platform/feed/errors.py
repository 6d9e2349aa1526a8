"""What a subscriber can be told by the feed, besides that Kafka is away (`Transient`)."""

from __future__ import annotations

from events.errors import Rejected, Transient


class BadCursor(Rejected):
    """The cursor is none of this log's; `detail` completes the sentence "the cursor ..."."""

    def __init__(self, detail: str) -> None:
        super().__init__("bad-cursor", detail)


class Beyond(BadCursor):
    """The cursor is further than the log: it was written for another one, or the log was lost."""

    def __init__(self) -> None:
        super().__init__("lies beyond the end of the log")


class Gone(Rejected):
    """The log was cut: it no longer holds what follows the cursor."""

    def __init__(self) -> None:
        super().__init__("gone", "the log no longer holds all that follows this cursor")


class Busy(Transient):
    """As many subscribers are being served as this process can serve."""
