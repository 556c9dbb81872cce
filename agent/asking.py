"""Decisions that a caller waits for: one customer each, committed, rehearsed, or left to the caller to deliver.

Without a model, decisions that are asked for at the same time are made together: the same functions, one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from agent.deciding import Deciding
from agent.domain.bundle import Bundle, Committed, Delivery, Effect, Outcome
from agent.domain.customer import Event, Purpose, Snapshot
from agent.domain.decision import Decision
from agent.domain.ids import CustomerId, TenantId, TriggerKey, decision_id
from agent.domain.ports import Clock, Commit, Records, Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TOGETHER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a caller wants. `event` is what the customer has just done, for a rehearsal, in which nothing is kept;
    `deadline` the seconds that a model may take."""

    customer: CustomerId
    trigger: TriggerKey
    delivery: Delivery = Delivery.TACTFUL
    deadline: float | None = None
    rehearse: bool = False
    event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The decision, and the effects it has, or would have had."""

    decision: Decision
    effects: tuple[Effect, ...]
    repeated: bool = False


class _ForCaller:
    """A commit whose messages the caller delivers; what goes to the staff still leaves from here."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        return self._commit.commit([replace(bundle, effects=_to_caller(bundle.effects)) for bundle in bundles])


def _to_caller(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    return tuple(replace(e, delivery=Delivery.CALLER) if n == 0 else e for n, e in enumerate(effects))


class _Rehearsed:
    """A commit that writes nothing, and keeps what would have been written."""

    def __init__(self) -> None:
        self.bundles: list[Bundle] = []

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]:
        self.bundles += bundles
        return [Committed(decision=bundle.decision) for bundle in bundles]


class _Just:
    """Customers who have just done something more than is on record, as far as they let themselves be read."""

    def __init__(self, snapshots: Snapshots, event: Event) -> None:
        self._snapshots = snapshots
        self._event = event

    def snapshots(self, tenant: TenantId, ids: Sequence[CustomerId], at: datetime) -> Iterator[Snapshot]:
        for found in self._snapshots.snapshots(tenant, ids, at):
            may = any(c.purpose is Purpose.PROFILING and c.status != "withdrawn" for c in found.consents)
            yield replace(found, events=(*found.events, self._event)) if may else found


@dataclass(slots=True, kw_only=True)
class Asking:
    """The desk of one tenant."""

    tenant: TenantId
    deciding: Callable[[], Deciding]
    snapshots: Snapshots
    commit: Commit
    records: Records
    clock: Clock
    _waiting: list[tuple[Ask, asyncio.Future[Committed]]] = field(default_factory=list, init=False)
    _at_work: asyncio.Task[None] | None = field(default=None, init=False)

    async def ask(self, ask: Ask) -> Asked:
        """Decides now. The same trigger gives the recorded decision again. Raises NotFound."""
        if ask.rehearse:
            return await self._rehearse(ask)
        found = await self._decide(ask)
        effects = self.records.effects(self.tenant, found.decision.decision_id) if found.decision.effects else ()
        return Asked(decision=found.decision, effects=tuple(effects), repeated=found.repeated)

    async def _decide(self, ask: Ask) -> Committed:
        if self.deciding().steps.decider is None:  # the commit itself knows a trigger that was decided before
            future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
            self._waiting.append((ask, future))
            if self._at_work is None or self._at_work.done():
                self._at_work = asyncio.create_task(self._work())
            return await future
        name = decision_id(self.tenant, ask.customer, ask.trigger)
        recorded = self.records.recorded(self.tenant, [name]).get(name)
        if recorded is not None:
            return Committed(decision=recorded, repeated=True)
        return await self._run(ask, self.snapshots, self._commit_for(ask))

    async def _work(self) -> None:
        """Makes what waits, in turns: each customer once a turn, one way of delivery at a time.

        In the event loop itself: the store's calls are short, and a thread would only take turns with the loop.
        """
        await asyncio.sleep(0)
        while self._waiting:
            first = self._waiting[0][0].delivery
            turn: dict[CustomerId, tuple[Ask, asyncio.Future[Committed]]] = {}
            rest = []
            for ask, future in self._waiting:
                fits = ask.delivery is first and ask.customer not in turn and len(turn) < MOST_TOGETHER
                if fits:
                    turn[ask.customer] = (ask, future)
                else:
                    rest.append((ask, future))
            self._waiting[:] = rest
            await self._turn(turn)
            await asyncio.sleep(0)

    async def _turn(self, turn: Mapping[CustomerId, tuple[Ask, asyncio.Future[Committed]]]) -> None:
        """Decides in bulk, and by the graph on those who need it; what fails is told to each caller."""
        from agent.graph.bulk import decide_many

        asks = [ask for ask, _ in turn.values()]
        commit, named = self._commit_for(asks[0]), {ask.customer: ask.trigger for ask in asks}
        try:
            made = dict(decide_many(self.deciding().env, self.snapshots, commit, named, self.clock.now()))
        except Exception as error:  # noqa: BLE001 - each caller gets it
            for _, future in turn.values():
                _answer(future, error)
            return
        for customer, (ask, future) in turn.items():
            try:
                _answer(future, made.get(customer) or await self._run(ask, self.snapshots, commit))
            except Exception as error:  # noqa: BLE001 - its caller gets it
                _answer(future, error)

    def _commit_for(self, ask: Ask) -> Commit:
        return self.commit if ask.delivery is Delivery.TACTFUL else _ForCaller(self.commit)

    async def _rehearse(self, ask: Ask) -> Asked:
        kept = _Rehearsed()
        snapshots = _Just(self.snapshots, ask.event) if ask.event else self.snapshots
        found = await self._run(ask, snapshots, kept)
        effects = kept.bundles[-1].effects
        return Asked(decision=found.decision, effects=_to_caller(effects) if ask.delivery == "caller" else effects)

    async def _run(self, ask: Ask, snapshots: Snapshots, commit: Commit) -> Committed:
        from agent.graph.build import build
        from agent.graph.state import MOST_STEPS

        steps = self.deciding().steps
        deadline = min(ask.deadline or steps.deadline, steps.deadline)
        graph = build(replace(steps, snapshots=snapshots, commit_port=commit, deadline=deadline))
        answer = await graph.ainvoke(
            {"customer": ask.customer, "trigger": ask.trigger, "as_of": self.clock.now().isoformat()},
            {"recursion_limit": MOST_STEPS},
            output_keys=["committed"],
        )
        committed: Committed = answer["committed"]
        return committed


def _answer(future: asyncio.Future[Committed], found: Committed | Exception) -> None:
    """Whoever has gone meanwhile gets nothing."""
    if future.done():
        return
    if isinstance(found, Exception):
        future.set_exception(found)
    else:
        future.set_result(found)
