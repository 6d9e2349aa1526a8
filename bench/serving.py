"""A system at work: orders placed and completed at a steady rate, as an open loop."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from bench.load import Heard, Load, header, pace, post
from bench.orders import ORDERS, order
from bench.place import Served
from events.types import ConsistencyToken, new_id

PER_SECOND = 50
CUSTOMERS = 500
SEED = 7


class Orders:
    """Every second command completes an order that was placed before."""

    def __init__(self, served: Served) -> None:
        self.customers = [new_id() for _ in range(CUSTOMERS)]
        self._served = served
        self._open: deque[str] = deque()
        self._chance = random.Random(SEED)

    def request(self, number: int) -> bytes:
        if number % 2 and self._open:
            complete = f"{self._served.url}{ORDERS}/{self._open.popleft()}/complete"
            return post(complete, b"", [*self._served.signed(), ("If-Match", "*")])
        placed = order(self._chance.choice(self.customers))
        return post(self._served.url + ORDERS, placed, self._served.signed())

    def heard(self, answer: bytes) -> ConsistencyToken:
        """Takes note of an order that is open now; the token of what was acknowledged."""
        token = ConsistencyToken.parse(header(answer, "Consistency-Token"))
        if token.version == 1:
            self._open.append(token.stream.id)
        return token


def serve(
    served: Served,
    more: Callable[[float], bool],
    tell: Callable[[ConsistencyToken, float], None] = lambda *_: None,
) -> Load:
    """`PER_SECOND` commands a second while `more(seconds so far)`."""
    orders = Orders(served)

    def heard(_: int, answer: bytes, at: float) -> None:
        tell(orders.heard(answer), at)

    hear: Heard = heard
    return pace(served.url, orders.request, per_second=PER_SECOND, more=more, heard=hear)
