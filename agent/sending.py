"""Sending as its faces call it: dispatch, pause, approve, find out what became of what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.dispatch.dispatcher import Dispatcher
from agent.domain.approval import Approval
from agent.domain.delivery import Swept, Undecided
from agent.domain.errors import InputError
from agent.domain.ids import EffectId, TenantId
from agent.domain.ports import Approvals, Results, Switches

EVERYONE = TenantId("*")
DISPATCH = "dispatch"
LONGEST_NAME = 120


@dataclass(slots=True, kw_only=True)
class Sending:
    """The outbox of one tenant. `dispatcher` makes a worker, with the guard and the providers; ours is made on first
    use and kept, and with it how much has left in this second."""

    tenant: TenantId
    results: Results
    switches: Switches
    approvals: Approvals
    dispatcher: Callable[[], Dispatcher]
    _worker: Dispatcher | None = field(default=None, init=False)

    def drain(self, rest: Callable[[float], None] | None = None) -> Swept:
        """Sends everything that is due and may be sent now; what nobody approved in time is given up first. With `rest`
        it takes the time that the providers' paces ask for."""
        if self._worker is None:
            self._worker = self.dispatcher()
        swept = Swept()
        swept.add("not approved", self.approvals.expire(self.tenant))
        swept.add("places freed", self.results.lapse())
        swept.merge(self._worker.drain(rest).counts)
        return swept

    def pause(self, by: str, everyone: bool = False) -> bool:
        """After this returns nothing new is claimed. False where it stood still already."""
        return self.switches.pause(EVERYONE if everyone else self.tenant, named(by))

    def resume(self, by: str, everyone: bool = False, switch: str = DISPATCH) -> bool:
        """False where nothing was switched off."""
        return self.switches.resume(EVERYONE if everyone else self.tenant, named(by), switch)

    def is_paused(self) -> bool:
        return DISPATCH in self.switches.off(self.tenant)

    def unknown(self) -> list[Undecided]:
        """What may or may not have arrived, for a person to find out."""
        return self.results.undecided()

    def resolve(self, effect: str, arrived: bool, by: str) -> None:
        """A person found out. Raises NotFound and InputError."""
        self.results.resolve(EffectId(effect), arrived, named(by))

    def requests(self) -> list[Approval]:
        return self.approvals.open(self.tenant)

    def request(self, effect: str) -> Approval:
        """Raises NotFound."""
        return self.approvals.show(self.tenant, EffectId(effect))

    def answer(self, effect: str, seen: str, yes: bool, by: str) -> Approval:
        """A person's yes or no to what stands behind the hash that was shown. Raises NotFound and InputError."""
        return self.approvals.decide(self.tenant, EffectId(effect), seen, yes, named(by))


def named(by: str) -> str:
    """Who did it goes into the audit. Raises InputError for nobody."""
    found = by.strip()
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise InputError("say who you are", place="--by", next_step="Give your name or staff number.")
    return found
