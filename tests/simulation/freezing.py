"""A step that stops in its middle, while everything else goes on, and continues much later.

Only such a step gets a thread. Threads never run at the same time: whoever starts or thaws a step
waits until it is over or frozen again, so a run stays the function of its seed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

PATIENCE_SECONDS = 60


class Frozen:
    """A step on a thread of its own. `freeze` is called by the step, `go_on` by the world."""

    def __init__(self, step: Callable[[], None], places: int) -> None:
        """The step passes so many places where it could freeze before it does."""
        self.places = places
        self._step = step
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self.over = False
        self.outcome: BaseException | None = None

    def go_on(self) -> bool:
        """Starts or continues the step until it freezes or ends; whether it is over."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        else:
            self._go.release()
        if not self._stopped.acquire(timeout=PATIENCE_SECONDS):
            raise RuntimeError("a step neither ended nor froze")
        if self.over:
            self._thread.join()
        return self.over

    def pass_place(self) -> bool:
        """Whether it is time to freeze."""
        self.places -= 1
        return self.places < 0

    def freeze(self, places: int) -> None:
        """Stops here until the world lets the step go on, for so many places more."""
        self.places = places
        self._stopped.release()
        self._go.acquire()

    def mine(self) -> bool:
        """Whether the caller is this step."""
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        try:
            self._step()
        except BaseException as error:
            self.outcome = error
        finally:
            self.over = True
            self._stopped.release()
