"""The feed as a line reads it: whole events, of the types and the customer that it wants."""

from __future__ import annotations

from datetime import datetime

from events.envelope import decode
from events.errors import Corrupt
from gateway.platform.feed.errors import BadCursor, Gone
from gateway.platform.feed.feed import Feed
from gateway.platform.feed.scanning import Sight
from gateway.platform.feed.wanted import Wanted
from gateway.platform.webhooks.line import Item, Read


class FeedSource:
    """Of one line; the feed is the process's."""

    def __init__(self, feed: Feed, wanted: Wanted) -> None:
        self._feed = feed
        self._sight = Sight(wanted)

    def start(self, moment: datetime) -> str:
        return self._feed.cursor_at(moment)

    def read(self, cursor: str, limit: int, wait: float) -> Read:
        """Raises Corrupt for a cursor that the log can't be read from any more: a person has to
        say what is to be sent then."""
        try:
            page = self._feed.page(cursor, self._sight, limit=limit, wait=wait)
        except (BadCursor, Gone) as error:
            raise Corrupt(f"the place in the log is lost: {error.detail}") from error
        items = [Item(decode(one.body), one.cursor) for one in page.items]
        return Read(items, page.next_cursor, page.caught_up)
