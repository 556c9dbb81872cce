"""The product itself under a virtual clock: the same service, guard, journeys, budgets and timers, on its own store.

Each hour is one transaction: what customers did is taken in, what is due is decided in bulk, what may leave does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from agent.bootstrap import open_tactful
from agent.deciding import Rehearsed
from agent.decisioning.choice import Arbiter
from agent.dispatch.dispatcher import Route
from agent.domain.bundle import Effect
from agent.domain.customer import PUSHED, Arm, CampaignLeft, Channel, Snapshot
from agent.domain.delivery import Abilities, Claim, Result, Sent
from agent.domain.errors import InputError, NotFound
from agent.domain.ids import CustomerId, TriggerKey
from agent.domain.imports import Row
from agent.domain.money import Money
from agent.domain.ports import Commit
from agent.settings import Settings
from agent.simulation.clock import VirtualClock
from agent.simulation.crowd import Crowd
from agent.simulation.lives import Happening, Purchase
from agent.simulation.rows import goods_rows, person_rows, rows_of
from agent.simulation.tally import LookingOn, Tally
from agent.simulation.worlds.world import Goods, Person, Setting, Touch

if TYPE_CHECKING:
    from agent.service import Tactful
    from agent.store.database import Database

TENANT = "simulated"
PEOPLE = 500
"""Customers in one transaction of the first import."""


class CountingIds:
    """One name after another (the `Ids` port)."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        self._last += 1
        return f"{self._last:032x}"


class Postbox:
    """A provider that keeps what is handed over until the crowd gets it."""

    abilities = Abilities(name="simulated", honours_keys=True, per_second=1e9, concurrency=1_000, at_once=True)

    def __init__(self) -> None:
        self.sent: list[Effect] = []

    def send(self, claim: Claim) -> Result:
        self.sent.append(claim.effect)
        return Sent()

    def look_up(self, key: str) -> bool | None:
        return None


def introduce(
    tactful: Tactful,
    people: Sequence[Person],
    goods: Sequence[Goods],
    setting: Setting,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Takes in who is known, and what is sold, before it begins."""
    titles = {item.name: item.title for item in goods}
    tactful.take(goods_rows(goods, setting))
    for start in range(0, len(people), PEOPLE):
        some = people[start : start + PEOPLE]
        tactful.take([row for at, one in enumerate(some, start) for row in person_rows(one, at, titles, setting)])
        progress(start + len(some))


def simulated_settings(home: Path, playbook: Path) -> Settings:
    """No model, no endpoint, nothing of the marketer's own store."""
    return Settings(home=home, playbook=str(playbook), database_url=None, model_name=None, embedding_url=None)


class ProductArm:
    """One crowd served by the product. `home` is an empty folder of its own; `database` a store that need not last."""

    def __init__(
        self,
        home: Path,
        playbook: Path,
        arbiter: Arbiter,
        crowd: Crowd,
        setting: Setting,
        clock: VirtualClock,
        database: Database,
    ) -> None:
        self._crowd = crowd
        self._setting = setting
        self._database = database
        self._postbox = Postbox()
        self.tally = Tally()
        self._told: set[str] = set()
        self._looking: LookingOn | None = None
        self.tactful: Tactful = open_tactful(
            simulated_settings(home, playbook),
            TENANT,
            locale=setting.locale,
            clock=clock,
            ids=CountingIds(),
            database=database,
            routes=[Route(self._postbox, (*PUSHED, Channel.DESK))],
            rehearsed=Rehearsed(commit=self._look_on, arbiter=arbiter),
        )
        self._customers: dict[str, CustomerId] = {}
        self._names: dict[str, str] = {}
        self._titles: dict[str, str] = {}
        self.events = 0

    def _look_on(self, commit: Commit) -> Commit:
        self._looking = LookingOn(commit, self.tally, self._told)
        return self._looking

    def introduce(
        self,
        people: Sequence[Person],
        goods: Sequence[Goods],
        progress: Callable[[int], None] = lambda _: None,
        told: Collection[str] = (),
    ) -> None:
        """Takes in who is known, and what is sold, before it begins. `told` names whose story may be asked for."""
        self._titles = {item.name: item.title for item in goods}
        introduce(self.tactful, people, goods, self._setting, progress)
        self._customers = self.tactful.pseudonyms([person.name for person in people])
        self._names = {customer: name for name, customer in self._customers.items()}
        self._told |= {self._customers[name] for name in told if name in self._customers}

    def campaigns(self) -> tuple[CampaignLeft, ...]:
        """What the campaigns have left."""
        return self._anybody().campaigns

    def arms(self) -> tuple[Arm, ...]:
        """What outcomes have taught so far."""
        return self._anybody().arms

    def offered(self) -> set[str]:
        """Whoever was made an offer."""
        return {self._names[customer] for customer in self.tally.offered}

    def _anybody(self) -> Snapshot:
        tactful = self.tactful
        one = next(iter(self._customers.values()))
        return next(tactful.stores.snapshots.snapshots(tactful.tenant, [one], tactful.now()))

    def tick(self, clock: VirtualClock) -> None:
        """One hour: what was done in it, then what the product does about it."""
        with self._database.together():
            asked = self._take(self._crowd.until(clock.at))
            trigger = TriggerKey(f"visit:{clock.at.isoformat()}")
            for _ in self.tactful.decide_on(dict.fromkeys(asked, trigger)):
                pass
            self.tactful.wake()
            self._show()
            self._approve()
            self.tactful.sending.drain()
            for effect in self._postbox.sent:
                self._touch(effect, clock.at)
            self._postbox.sent.clear()

    def _take(self, happened: Sequence[Happening]) -> list[CustomerId]:
        """What the seller gets to know; whose visits call for a decision."""
        rows: list[Row] = []
        asked: dict[CustomerId, None] = {}
        self._seen_at: dict[str, datetime] = {}
        for what in happened:
            rows += rows_of(what, self._titles, self._setting.currency)
            if what.what == "visited":
                self._seen_at[what.person.name] = what.at + what.detail.lasts
                asked[self._customers[what.person.name]] = None
        self.events += len(rows)
        if rows:
            self.tactful.take(rows)
        for what in happened:
            self._hear(what)
        return list(asked)

    def _hear(self, what: Happening) -> None:
        """What came of messages, put down to them as a seller would."""
        if what.what == "bought":
            purchase: Purchase = what.detail
            if purchase.effect.startswith("e_"):
                worth = Money(Decimal(str(purchase.value - purchase.off)), self._setting.currency)
                self._outcome(purchase.effect, "converted", worth)
        elif what.what == "answered":
            effect, outcome = what.detail
            if outcome == "accepted":
                self._book(effect)
            else:
                self._outcome(effect, outcome)

    def _book(self, effect: str) -> None:
        """The demo that was offered, if it was one; the place may have gone meanwhile."""
        try:
            self.tactful.reserving.book(effect)
        except (InputError, NotFound):
            self._outcome(effect, "accepted")

    def _outcome(self, effect: str, kind: str, worth: Money | None = None) -> None:
        try:
            self.tactful.outcome(effect, kind, worth)
        except InputError:
            return  # it was taken back before it was seen

    def _show(self) -> None:
        """What the shop's own pages and chat show, while the customer is there: at the last page of the visit."""
        assert self._looking is not None
        for effect in self._looking.shown:
            at = self._seen_at.get(self._names[effect.customer])
            if at is not None:
                self._touch(effect, at)
        self._looking.shown.clear()

    def _approve(self) -> None:
        """Whoever approves says yes."""
        assert self._looking is not None
        for effect in self._looking.asks:
            asked = self.tactful.sending.request(effect)
            self.tactful.sending.answer(effect, asked.hash, True, "simulation")
        self._looking.asks.clear()

    def _touch(self, effect: Effect, at: datetime) -> None:
        if effect.channel is Channel.DESK:
            return
        slots = effect.payload.slots
        percent = int(slots["coupon.percent"].value) if "coupon.percent" in slots else 0
        most_off = float(slots["coupon.greatest"].value) if "coupon.greatest" in slots else 0.0
        self._crowd.touch(
            Touch(
                person=self._names[effect.customer],
                at=at,
                action=effect.action,
                channel=effect.channel,
                kind=str(effect.kind),
                entity=effect.entity,
                percent=percent,
                most_off=most_off,
                effect=effect.effect_id,
            )
        )
