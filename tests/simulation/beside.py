"""An executor without threads: what it is given runs at once, or when its result is asked for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from random import Random
from typing import Any


class Beside(Executor):
    """The order of a transaction and of what goes on beside it is the seed's."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        later = _Later(lambda: fn(*args, **kwargs))
        if self._random.random() < 0.5:
            later.run()
        return later


class _Later(Future[Any]):
    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        try:
            self.set_result(self._work())
        except BaseException as error:
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            self.run()
        return super().result(timeout)
