"""One seed's world: it draws who takes the next turn, and knows what its actors share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from events.commands import Done
from events.envelope import Event
from events.errors import Transient
from events.log.memory import MemoryLog
from events.projection.memory import MemoryProjection
from events.relay.memory import MemoryRelayBook, Oplog, Tenure
from events.store.memory import MemoryEventStore
from tests.simulation import checker, toy
from tests.simulation.actors import Actor, Group, Job, Member, Operator, RelayActor, Writer
from tests.simulation.failures import SimulatedCrash, SimulationFailure
from tests.simulation.freezing import Frozen
from tests.simulation.jobs import draw_job
from tests.simulation.plan import draw
from tests.simulation.strikes import Strikes

SHARES = (33, 30, 33, 4)
"""Of the turns: writers, relays, members, the operator."""

COMPETITORS = 2
"""Writers and relays per context: the least that race."""

ROUNDS = 300
"""Of the calm at the end; a world that needs more does not settle."""


class World:
    """`run` plays a whole life; it raises `SimulationFailure`."""

    def __init__(self, seed: int, show: Callable[[str], None] = lambda _: None) -> None:
        self.seed = seed
        self.plan = draw(seed)
        self.random = Random(f"world {seed}")
        self.trace: list[str] = []
        self.tally: Counter[str] = Counter()
        self.calm = False
        self.clock = 0.0
        self.healed: set[str] = set()
        self.answers: list[Job] = []
        self.frozen: list[tuple[Frozen, Actor]] = []
        self._show = show
        self._late: list[tuple[str, Sequence[Event]]] = []
        contexts = self.plan.contexts
        self.topics = {context: f"crm.{context}.events" for context in contexts}
        self.log = MemoryLog(list(self.topics.values()), self.plan.partitions)
        self.stores = {context: MemoryEventStore(context) for context in contexts}
        self.oplogs = {context: Oplog() for context in contexts}
        self.books = {context: MemoryRelayBook() for context in contexts}
        self.tenures = {context: Tenure() for context in contexts}
        racing = [(context, number) for context in contexts for number in range(COMPETITORS)]
        self.writers: list[Actor] = [Writer(self, f"writer {c} {n}", c) for c, n in racing]
        self.relays: list[Actor] = [RelayActor(self, f"relay {c} {n}", c) for c, n in racing]
        self.operators: list[Actor] = [Operator(self)]
        self.members: list[Actor] = []
        self.groups: list[Group] = []
        self.begin_group("live", self.plan.members)
        self._strikes = Strikes(self)

    def run(self) -> None:
        """All turns, then calm until everything has arrived, then the judge."""
        try:
            for number in range(self.plan.turns):
                self._turn()
                if number % 16 == 0:
                    checker.check_prefixes(self)
            self._settle()
            checker.check_all(self)
        finally:
            self._end()

    # --- what actors, ports and strikes ask of the world

    def note(self, line: str) -> None:
        line = f"{len(self.trace):5} {self.clock:7.1f}  {line}"
        self.trace.append(line)
        self._show(line)

    def point(self, where: str, *, transient: bool = False) -> None:
        """A place in the middle of a step where it may freeze, crash or fail."""
        for frozen, actor in self.frozen:
            if not self.calm and frozen.mine() and frozen.pass_place():
                self.tally["freezes"] += 1
                self.note(f"{actor.name} freezes at {where}")
                frozen.freeze(self._places())
        if self.calm:
            return
        if self.random.random() < self.plan.crash:
            raise SimulatedCrash(where)
        if transient and self.random.random() < self.plan.transient:
            raise Transient(where)

    def land_later(self, topic: str, events: Sequence[Event]) -> None:
        self._late.append((topic, events))

    def land(self) -> None:
        """Some broker writes what the sender has given up."""
        if self._late:
            topic, events = self._late.pop(self.random.randrange(len(self._late)))
            self.tally["late landings"] += 1
            self.note(f"{len(events)} late events land on {topic}")
            for event in events:
                self.log.append(topic, event)

    def begin_group(self, name: str, members: int) -> None:
        """A version of the projection, read from the first offset on."""
        group = Group(name, MemoryProjection(toy.views(self.healed)))
        group.members = [Member(self, f"{name} {number}", group) for number in range(members)]
        self.groups.append(group)
        self.members += group.members
        group.rebalance(self.random, sorted(self.log.records))
        group.tell_all()

    def next_job(self, context: str) -> Job:
        return draw_job(self, context)

    def answered(self, job: Job, done: Done) -> None:
        """Keeps the first answer; every later one must be the same."""
        if job.stolen:
            raise SimulationFailure("another command's key was accepted")
        if job.answer is None:
            job.answer = done
            self.answers.append(job)
        elif job.answer.event_ids != done.event_ids:
            raise SimulationFailure(f"{job.origin.command_id} was answered differently")
        self.note(f"{done.stream} is at {done.version}{' again' if done.replayed else ''}")

    def key_refused(self, job: Job) -> None:
        if not job.stolen:
            raise SimulationFailure("a command's own key was refused")
        self.note("a stolen key was refused")

    # --- turns

    def _turn(self) -> None:
        self.clock += self.random.expovariate(1.0)
        self._strikes.strike()
        kinds = (self.writers, self.relays, self.members, self.operators)
        kind = self.random.choices(kinds, SHARES)[0]
        idle = [actor for actor in kind if not actor.busy]
        if not idle:
            return
        actor = self.random.choice(idle)
        if self.random.random() < self.plan.freeze:
            frozen = Frozen(actor.step, self._places())
            actor.busy = True
            self.frozen.append((frozen, actor))
            self.go_on(frozen, actor)
        else:
            self._step(actor)

    def _places(self) -> int:
        """Mostly soon, sometimes deep in a long step."""
        return int(self.random.expovariate(0.25))

    def go_on(self, frozen: Frozen, actor: Actor) -> None:
        """Begins or continues a step that may freeze (again)."""
        if not frozen.go_on():
            return
        self.frozen.remove((frozen, actor))
        actor.busy = False
        if frozen.outcome is not None:
            self._ended_badly(actor, frozen.outcome)
        if actor.spare and self.random.random() < 0.7:
            self.forget(actor)

    def forget(self, actor: Actor) -> None:
        """A zombie is gone for good."""
        for kind in (self.relays, self.members):
            if actor in kind:
                kind.remove(actor)

    def _step(self, actor: Actor) -> None:
        try:
            actor.step()
        except BaseException as error:
            self._ended_badly(actor, error)

    def _ended_badly(self, actor: Actor, error: BaseException) -> None:
        """Crashes and transient failures begin the actor anew; anything else is a finding."""
        if not isinstance(error, SimulatedCrash | Transient):
            raise error
        self.note(f"{actor.name}: {type(error).__name__}: {error}")
        self.tally[f"{type(error).__name__}"] += 1
        if isinstance(error, SimulatedCrash) or self.random.random() < 0.7:
            actor.restart()

    # --- the end

    def _settle(self) -> None:
        """No more faults: within `ROUNDS` everything must arrive."""
        self.calm = True
        self.note("calm")
        self._strikes.end()
        for frozen, actor in list(self.frozen):
            self.go_on(frozen, actor)
        for actor in [one for one in (*self.relays, *self.members) if one.spare]:
            self.forget(actor)
        while self._late:
            self.land()
        for group in self.groups:
            group.rebalance(self.random, sorted(self.log.records))
            group.tell_all()
        for _ in range(ROUNDS):
            self.clock += 7
            for actor in (*self.writers, *self.relays, *self.members):
                if not isinstance(actor, Writer) or actor.owes_an_answer:
                    self._step(actor)
            self._strikes.retry_all()
            if self._settled():
                return
        raise SimulationFailure("does not settle")

    def _settled(self) -> bool:
        published = all(
            (self.books[context].token() or {})
            == {"generation": self.oplogs[context].generation, "next": len(store.commits)}
            for context, store in self.stores.items()
        )
        ends = {at: len(records) for at, records in self.log.records.items()}
        return (
            published
            and not any(isinstance(one, Writer) and one.owes_an_answer for one in self.writers)
            and all(
                not group.storage.parked_streams() and group.next_offsets(ends) == ends
                for group in self.groups
            )
        )

    def _end(self) -> None:
        """Also after a finding: no thread stays, no crash point is armed."""
        self.calm = True
        self._strikes.end()
        while self.frozen:
            frozen, _ = self.frozen.pop()
            while not frozen.go_on():
                pass
