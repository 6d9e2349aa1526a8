"""Group commit: appends that come while one is being written go out together in the next write.

No append waits for company: the first thread writes at once, those that come meanwhile form the
next group, and one of them writes it. Each append still has an outcome of its own, and each
answer still waits for the majority.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from events.envelope import Commit
from events.store.port import Appended

LARGEST_GROUP = 50
"""Commits in one write: with all of them at their cap it stays below MongoDB's message size."""

AppendMany = Callable[[Sequence[Commit]], Sequence[Appended | Exception]]


class _Waiting:
    """One thread's append; `turn` is set when it is done or when it is to write the next group."""

    __slots__ = ("commit", "outcome", "turn")

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self.outcome: Appended | BaseException | None = None
        self.turn = threading.Event()


class GroupCommit:
    """`append_many` writes a group; whatever it raises is raised in every thread of the group."""

    def __init__(self, append_many: AppendMany) -> None:
        self._append_many = append_many
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._writing = False

    def append(self, commit: Commit) -> Appended:
        mine = _Waiting(commit)
        with self._lock:
            self._queue.append(mine)
            leads, self._writing = not self._writing, True
        if not leads:
            mine.turn.wait()
        if mine.outcome is None:
            self._write_group()
        return _result(mine)

    def _write_group(self) -> None:
        """Writes the queue's head, the caller's own append among it, then passes the turn on."""
        with self._lock:
            group = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_GROUP))]
        try:
            outcomes = self._append_many([one.commit for one in group])
            for one, outcome in zip(group, outcomes, strict=True):
                one.outcome = outcome
        except BaseException as error:
            for one in group:
                one.outcome = error
        finally:
            self._pass_on()
            for one in group:
                one.turn.set()

    def _pass_on(self) -> None:
        with self._lock:
            if self._queue:
                self._queue[0].turn.set()
            else:
                self._writing = False


def _result(one: _Waiting) -> Appended:
    if isinstance(one.outcome, Appended):
        return one.outcome
    if one.outcome is None:
        raise RuntimeError("a group was written without one of its own")
    raise one.outcome
