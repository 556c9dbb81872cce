"""Timers that come due: look at a journey again, decide after a wait, see to what the law set a date for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from agent.domain.bundle import Committed
from agent.domain.customer import Journey
from agent.domain.delivery import Swept
from agent.domain.ids import CustomerId, TenantId, TriggerKey
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Customers, Ids, Journeys, Timers
from agent.domain.timers import DUTIES, Timer, TimerKind
from agent.journeys.course import is_over, look_again

BATCH = 500
LEASE = timedelta(minutes=5)
"""Far longer than deciding on a batch takes; what a dead worker leaves is taken up after it."""

AGAIN = timedelta(hours=6)
"""When a duty is tried again that could not be seen to: no channel, another message first."""

Decide = Callable[[Mapping[CustomerId, TriggerKey]], Iterator[Committed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waking:
    """Fires timers of one tenant. Each names its own trigger, so one that is fired twice is decided once."""

    tenant: TenantId
    playbook: Playbook
    timers: Timers
    journeys: Journeys
    customers: Customers
    clock: Clock
    ids: Ids
    decide: Decide

    def drain(self) -> Swept:
        """Fires all that is due."""
        total = Swept()
        while (swept := self.fire()).total:
            total.merge(swept.counts)
        return total

    def fire(self, limit: int = BATCH) -> Swept:
        """Fires one batch; empty where nothing was due."""
        now, lease, swept = self.clock.now(), self.ids.new(), Swept()
        due = self.timers.claim(self.tenant, now, limit, lease, now + LEASE)
        if not due:
            return swept
        names = [timer.subject for timer in due if timer.kind is TimerKind.FOLLOW_UP]
        active = self.journeys.woken(self.tenant, names) if names else {}
        over = {name for name, journey in active.items() if is_over(journey, self.playbook, now)}
        if over:
            self.journeys.expire(self.tenant, sorted(over))
        looking = {name: journey for name, journey in active.items() if name not in over}
        heads = self.customers.heads(self.tenant, [timer.customer for timer in due if timer.customer])
        mine = [replace(t, customer=heads[t.customer]) if t.customer else t for t in due]
        for some in _one_each([t for t in mine if t.kind is not TimerKind.FOLLOW_UP or t.subject in looking]):
            self._decide(some, looking, swept)
        duties = [timer for timer in due if timer.kind in DUTIES]
        waiting, missed = self.timers.later(self.tenant, duties, lease, now + AGAIN) if duties else (0, 0)
        done = self.timers.done(self.tenant, [timer for timer in due if timer.kind not in DUTIES], lease)
        swept.add("journeys over", len(over))
        swept.add("fired", done + len(duties) - waiting - missed)
        swept.add("duties put off", waiting)
        swept.add("duties missed", missed)
        return swept

    def _decide(self, timers: Mapping[CustomerId, Timer], looking: Mapping[str, Journey], swept: Swept) -> None:
        """Decides on each, and arms the next look at journeys on which it has not acted."""
        looks = []
        asked = {customer: TriggerKey(f"timer:{t.timer_id}:{t.fires_at}") for customer, t in timers.items()}
        for committed in self.decide(asked):
            decision = committed.decision
            timer = timers[decision.customer]
            swept.add("acted" if decision.chosen else "stayed silent")
            journey = looking.get(timer.subject)
            if journey is not None and not _about(committed, journey.entity):
                at = look_again(journey, self.playbook, decision.as_of)
                if at is None:
                    self.journeys.expire(self.tenant, [journey.journey_id])
                else:
                    looks.append((decision.customer, journey.journey_id, at))
        if looks:
            self.journeys.again(self.tenant, looks)


def _about(committed: Committed, entity: str) -> bool:
    """The decision has acted on this very thing: a journey's commit has then armed its next look."""
    chosen = committed.decision.chosen
    return chosen is not None and chosen.entity == entity


def _one_each(timers: Sequence[Timer]) -> Iterator[dict[CustomerId, Timer]]:
    """Rounds in which each customer comes up once, the soonest timer first.

    What somebody stated in one go comes due in one go, and is told in one go: one decision is enough.
    """
    rest = list({(t.customer, t.kind, t.subject if t.kind not in DUTIES else t.due_at): t for t in timers}.values())
    while rest:
        this: dict[CustomerId, Timer] = {}
        later = []
        for timer in rest:
            assert timer.customer is not None
            if timer.customer in this:
                later.append(timer)
            else:
                this[timer.customer] = timer
        yield this
        rest = later
