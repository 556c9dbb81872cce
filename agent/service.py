"""What every face calls: decide, explain, replay, import, consent, outcomes. One object per tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from agent.asking import Asking
from agent.auditing import Auditing
from agent.consenting import Consents
from agent.deciding import Deciding, InForce
from agent.domain.bundle import Committed, Effect, EffectState, Envelope
from agent.domain.decision import Decision
from agent.domain.delivery import Parcel, Swept
from agent.domain.errors import InputError
from agent.domain.ids import CustomerId, DecisionId, EffectId, ExternalId, TenantId, TriggerKey, decision_id
from agent.domain.imports import Row, Tally
from agent.domain.instants import as_present
from agent.domain.money import Money
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Ids
from agent.domain.quality import Quality, judge
from agent.domain.stores import Stores
from agent.domain.verdict import Ruling
from agent.foreseeing import Foreseeing
from agent.guardrails.words import compose, links_of
from agent.guidebook import Guidebook
from agent.importing import run as importing
from agent.importing.mapping import FileMap
from agent.notifying import Notifying
from agent.receiving import Receiving
from agent.reserving import Reserving
from agent.resolving import Resolving
from agent.sending import Sending
from agent.telling import Telling
from agent.toolbox import Toolbox
from agent.waking import Waking

if TYPE_CHECKING:
    from agent.dispatch.judging import Judging
    from agent.graph.moved import Moved
    from agent.graph.replay import Replay

LONGEST_TRIGGER = 150
PAGE = 10_000
"""Customers of a sweep that share one instant: a long sweep reads the clock anew, so as not to fall behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where the audit is anchored, and whether webhooks may go inside our own network."""

    anchors: Path
    own_network: bool = False


class Tactful:
    """The product, for one tenant."""

    def __init__(
        self,
        tenant: TenantId,
        playbook: Playbook,
        stores: Stores,
        clock: Clock,
        ids: Ids,
        consents: Consents,
        sending: Sending,
        judging: Callable[[], Judging],
        deciding: Callable[[], Deciding],
        doors: Doors,
    ) -> None:
        self._doors = doors
        self.tenant = tenant
        self.playbook = playbook
        self.stores = stores
        self.consents = consents
        self.sending = sending
        self._make_judging = judging
        self._judged: Judging | None = None
        self._clock = clock
        self._ids = ids
        self._in_force = InForce(tenant, stores.guidelines, deciding)

    @property
    def deciding(self) -> Deciding:
        """Made on first use, and anew when the brand's guidelines have changed meanwhile. Raises StoreError."""
        was = self._in_force.made
        made = self._in_force.get()
        if was is not None and made is not was:
            self._judged = None
        return made

    def use_guidelines(self) -> int:
        """Puts the files that lie here in force, also where newer ones were; how many passages they have."""
        self._judged = None
        return len(self._in_force.use().passages)

    def _judging(self) -> Judging:
        if self._judged is None:
            self._judged = self._make_judging()
        return self._judged

    @property
    def toolbox(self) -> Toolbox:
        return Toolbox(self._judging().toolset, self._judging().actions, self.playbook)

    @property
    def guidebook(self) -> Guidebook:
        d, actions = self.deciding, tuple(self._judging().actions.values())
        return Guidebook(d.index, d.passages, self.playbook, actions, d.env.wording, self._clock)

    @property
    def auditing(self) -> Auditing:
        stores = self.stores
        return Auditing(self.tenant, stores.customers, stores.records, stores.chain, self._doors.anchors)

    @property
    def receiving(self) -> Receiving:
        return Receiving(tenant=self.tenant, inbox=self.stores.inbox, clock=self._clock)

    @cached_property
    def notifying(self) -> Notifying:
        return Notifying(
            tenant=self.tenant,
            notices=self.stores.notices,
            chain=self.stores.chain,
            records=self.stores.records,
            customers=self.stores.customers,
            clock=self._clock,
            rendered=self.rendered,
            own_network=self._doors.own_network,
        )

    @property
    def telling(self) -> Telling:
        return Telling(
            tenant=self.tenant,
            playbook=self.playbook,
            records=self.stores.records,
            tokens=self.consents.tokens,
            customers=self.stores.customers,
        )

    @property
    def reserving(self) -> Reserving:
        stores = self.stores
        return Reserving(
            tenant=self.tenant,
            playbook=self.playbook,
            bookings=stores.bookings,
            coupons=stores.coupons,
            outcomes=stores.outcomes,
            clock=self._clock,
        )

    @property
    def foreseeing(self) -> Foreseeing:
        stores = self.stores
        return Foreseeing(
            tenant=self.tenant,
            playbook=self.playbook,
            columns=stores.columns,
            models=stores.models,
            customers=stores.customers,
            snapshots=stores.snapshots,
            clock=self._clock,
        )

    @property
    def resolving(self) -> Resolving:
        return Resolving(tenant=self.tenant, identities=self.stores.identities, customers=self.stores.customers)

    # Decide ----------------------------------------------------------------------------------------------------------
    async def decide(self, customer: str, *, trigger: str | None = None, as_of: datetime | None = None) -> Decision:
        """The next-best action for one customer, recorded. The same trigger gives the recorded decision again.

        Raises NotFound for an unknown customer, InputError for an unusable trigger.
        """
        if trigger is not None and not 0 < len(trigger) <= LONGEST_TRIGGER:
            raise InputError(
                f"a trigger has 1 to {LONGEST_TRIGGER} characters", place="trigger", next_step="Shorten it, or hash it."
            )
        who, now = self.find(customer), self._present(as_of)
        if trigger is None:
            return await self._run(self.deciding.graph, who, "call:" + self._ids.new(), now)
        return self._recorded(who, trigger) or await self._run(self.deciding.graph, who, trigger, now)

    def decide_all(self, *, as_of: datetime | None = None) -> Iterator[Decision]:
        """A recorded decision for every customer, in batches, without a model; keyed by the instant, so repeatable."""
        return (found.decision for found in self.sweep(as_of=as_of))

    def sweep(self, *, as_of: datetime | None = None) -> Iterator[Committed]:
        """Like `decide_all`, and says of each decision whether it stood already from an earlier run."""
        trigger = TriggerKey(f"all:{(as_of or self._clock.now()).isoformat()}")
        customers = self.stores.customers.all(self.tenant)
        for start in range(0, len(customers), PAGE):
            now = self._present(as_of)
            yield from self._decide_many(dict.fromkeys(customers[start : start + PAGE], trigger), now)

    def wake(self) -> Swept:
        """Fires every timer that is due: journeys go on or end, waits are over, duties are seen to."""
        return self._waking.drain()

    def dispatch(self, rest: Callable[[float], None] | None = None) -> Swept:
        """Everything that is due: timers first, then what they and others left in the outbox; `rest` as in `drain`."""
        swept = self.wake()
        swept.merge(self.sending.drain(rest).counts)
        return swept

    def decide_on(self, asked: Mapping[CustomerId, TriggerKey]) -> Iterator[Committed]:
        """A recorded decision for each of these, now, without a model; unknown ones are skipped."""
        return self._decide_many(asked, self._clock.now())

    def _decide_many(self, asked: Mapping[CustomerId, TriggerKey], now: datetime) -> Iterator[Committed]:
        """Without a model: in bulk, and by the graph for those who need it."""
        from agent.graph.bulk import decide_many  # lazily, like all that loads the graph

        d = self.deciding
        for who, decided in decide_many(d.env, self.stores.snapshots, self.stores.commit, asked, now):
            yield decided or asyncio.run(self._commit(d.plain, who, asked[who], now))

    @cached_property
    def asking(self) -> Asking:
        return Asking(
            tenant=self.tenant,
            deciding=lambda: self.deciding,
            snapshots=self.stores.snapshots,
            commit=self.stores.commit,
            records=self.stores.records,
            clock=self._clock,
        )

    @property
    def _waking(self) -> Waking:
        return Waking(
            tenant=self.tenant,
            playbook=self.playbook,
            timers=self.consents.timers,
            journeys=self.stores.journeys,
            customers=self.stores.customers,
            clock=self._clock,
            ids=self._ids,
            decide=self.decide_on,
        )

    def now(self) -> datetime:
        """The instant by the product's own clock."""
        return self._clock.now()

    def _present(self, as_of: datetime | None) -> datetime:
        now = self._clock.now()
        return now if as_of is None else as_present(as_of, now)

    async def _run(self, graph: Any, customer: CustomerId, trigger: str, now: datetime) -> Decision:
        return (await self._commit(graph, customer, trigger, now)).decision

    async def _commit(self, graph: Any, customer: CustomerId, trigger: str, now: datetime) -> Committed:
        from agent.graph.state import MOST_STEPS

        answer = await graph.ainvoke(
            {"customer": customer, "trigger": trigger, "as_of": now.isoformat()},
            {"recursion_limit": MOST_STEPS},
            output_keys=["committed"],
        )
        committed: Committed = answer["committed"]
        return committed

    def _recorded(self, customer: CustomerId, trigger: str) -> Decision | None:
        name = decision_id(self.tenant, customer, TriggerKey(trigger))
        return self.stores.records.recorded(self.tenant, [name]).get(name)

    # Look back -------------------------------------------------------------------------------------------------------
    def decision(self, name: str) -> Decision:
        """A recorded decision by its id or the beginning of it, or the newest on a customer. Raises NotFound."""
        if name.startswith("d_"):
            return self.stores.records.decision(self.tenant, DecisionId(name))
        return self.stores.records.newest_of(self.tenant, self.find(name))

    def find(self, customer: str) -> CustomerId:
        """The pseudonym of a customer. Raises NotFound."""
        return self.stores.customers.find(self.tenant, ExternalId(customer))

    def pseudonyms(self, customers: Sequence[str]) -> dict[str, CustomerId]:
        """The pseudonyms of those among them that are known, by external id."""
        return self.stores.customers.find_many(self.tenant, [ExternalId(name) for name in customers])

    def where(self, customer: CustomerId) -> tuple[str, str]:
        """(locale, zone) of a customer, the brand's where unknown."""
        locale, zone = self.stores.customers.where(self.tenant, customer)
        return locale or self.playbook.brand.locale, zone or self.playbook.brand.zone

    def effects(self, decision: Decision) -> list[Effect]:
        return self.stores.records.effects(self.tenant, decision.decision_id)

    def is_expired(self, effect: Effect) -> bool:
        return effect.state is EffectState.EXPIRED or effect.expires_at <= self._clock.now()

    def expired(self, as_of: datetime | None) -> int:
        """How many effects made as of an instant may no longer be sent by now."""
        now = self._clock.now()
        return self.stores.records.expired(self.tenant, as_of or now, now)

    def decisions(self) -> Iterator[Decision]:
        return self.stores.records.decisions(self.tenant)

    def replay(self, name: str) -> Replay:
        """Decides again on what was recorded. Raises NotFound, and Erased where the inputs are gone."""
        from agent.graph.replay import replay  # lazily: it loads the graph

        recorded, d = self.decision(name), self.deciding
        return asyncio.run(replay(recorded, *self._bodies(recorded), d.toolset, d.index, d.seed))

    def moved(self, recorded: Decision) -> tuple[Moved, ...]:
        """Which signals moved a choice. Raises Erased where its inputs are gone."""
        from agent.graph.moved import moved  # lazily: it loads the graph

        d = self.deciding
        return moved(recorded, *self._bodies(recorded), d.toolset, d.index, d.seed)

    def _bodies(self, recorded: Decision) -> tuple[bytes, bytes]:
        body = self.stores.records.body
        return body(self.tenant, recorded.inputs), body(self.tenant, recorded.policy)

    def rendered(self, effect: Effect) -> tuple[str, str]:
        """(subject, body) as it would leave now, the name filled in: personal data, for the sender's eyes only."""
        locale = self.where(effect.customer)[0]
        name = self.stores.customers.first_name(self.tenant, effect.customer)
        links = links_of(effect, self.playbook.brand.home)
        return compose(effect.payload, locale, {"customer.name": name} if name else {}, links)

    # Learn and import ------------------------------------------------------------------------------------------------
    def outcome(self, effect: str, kind: str, value: Money | None = None) -> bool:
        """Records what came of an effect; False where that was known. Raises NotFound, ValueError."""
        return self.stores.outcomes.record(self.tenant, EffectId(effect), kind, self._clock.now(), value)

    def erase(self, customer: CustomerId) -> int:
        """Erases a person for good; how many messages were being handed over just then. Raises NotFound."""
        return self.stores.erasure.erase(self.tenant, self.find(customer))

    def import_file(
        self,
        what: str | None,
        path: Path,
        preset: str | None = None,
        progress: importing.Progress = lambda *_: None,
        *,
        said: FileMap | None = None,
    ) -> Tally:
        """Imports a file in our own columns, of a published set, or as a map says. Raises ImportFileError."""
        today = self._clock.now().astimezone(ZoneInfo(self.playbook.brand.zone)).date()
        wanted = importing.FileImport(path=path, what=what, preset=preset, map=said)
        return importing.run(self.stores.intake, self.tenant, wanted, today, progress)

    def take(self, rows: Sequence[Row]) -> int:
        """Takes rows that came another way than by file; returns how many were new."""
        return self.stores.intake.take(self.tenant, rows)

    def claim(self, effect: Effect, now: datetime | None = None) -> tuple[Envelope, Ruling]:
        """What the guard says of sending this effect now, on facts read now, with the bytes that would leave.

        The ruling's `forbidding` verdict keeps it back; the dispatcher asks the same in the transaction of its claim.
        """
        at = now or self._clock.now()
        snapshot = next(self.stores.snapshots.snapshots(self.tenant, [effect.customer], at))
        parcel = Parcel(
            effect=effect,
            snapshot=snapshot,
            address="",
            first_name=self.stores.customers.first_name(self.tenant, effect.customer),
            token=self.consents.tokens.make(self.tenant, effect.customer, effect.channel),
        )
        judged = self._judging()(parcel, at)
        return judged.envelope, judged.ruling

    def check(self) -> Quality:
        """What is missing, stale, double, impossible or drifting in the data as it stands now."""
        measures = self.stores.quality.measures(self.tenant, self._clock.now())
        who = self.resolving.find()
        people = {
            "to_join": sum(len(match.customers) - 1 for match in who.matches),
            "kept_apart": sum(len(apart.customers) for apart in who.apart),
        }
        return judge(replace(measures, doubles={**people, **measures.doubles}))
