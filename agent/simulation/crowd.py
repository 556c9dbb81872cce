"""The people of a world under one policy: what they do by themselves, how they answer, what comes of it, hour by hour.

All draws are keyed by person and need, never by their order: the same people meet each policy with the same dice.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agent.domain.customer import IN_SESSION, Channel
from agent.simulation.clock import open_at_the_end
from agent.simulation.lives import Happening, Life, OpenNeed, Purchase, What
from agent.simulation.log import Ended, Log, Order, Returned, Touched
from agent.simulation.worlds.world import Doing, Law, Need, Person, Setting, Standing, Touch, Visit, World

ANSWERS_HOURS = {
    Channel.EMAIL: 7.0,
    Channel.SMS: 1.5,
    Channel.PUSH: 1.0,
    Channel.KAKAO: 1.5,
    Channel.CHAT: 0.05,
    Channel.PAGE: 0.1,
    Channel.DESK: 4.0,
}
"""The mean time until a noticed message is answered."""
SLOW, SLOWER = 0.1, 12.0
"""One in ten takes twelve times as long: answers trickle in for weeks."""
CHAT = "offer_chat"
COUPON_LASTS = timedelta(days=14)
DEMO_AFTER = timedelta(days=2)
COMES = 0.8
"""Who said yes to a demo and comes."""
WEEK = 7 * 86_400.0
MOST_A_WEEK = 3


class Crowd:
    """Plays a world. `until` tells what happened since; `touch` tells the crowd what reached somebody."""

    def __init__(self, world: World, people: Sequence[Person], setting: Setting) -> None:
        self._world = world
        self._setting = setting
        self._rng = setting.draws.rng()
        self._lives = {person.name: Life(person, at) for at, person in enumerate(people)}
        self._goods = world.goods()
        self._titles = {item.name for item in self._goods}
        self._ahead: list[tuple[datetime, int, Any, tuple[Any, ...]]] = []
        self._sequence = 0
        self._told = 0
        self._ends = setting.begins + timedelta(days=setting.days)
        self._served: Counter[tuple[str, int]] = Counter()
        self._found: list[Happening] = []
        self.now = setting.begins
        self.log = Log()

    def life(self, name: str) -> Life:
        return self._lives[name]

    def names(self) -> dict[int, str]:
        """Who stands behind the numbers of the log."""
        return {life.at: name for name, life in self._lives.items()}

    def until(self, at: datetime) -> list[Happening]:
        """All that happens before `at`, in its order."""
        while self._told < self._setting.days and self._setting.begins + timedelta(days=self._told - 1) < at:
            for visit in self._world.day(self._told):
                if self._setting.begins <= visit.at < self._ends:
                    self._later(open_at_the_end(visit.at, self._setting.begins), self._visit, visit)
            self._told += 1
        while self._ahead and self._ahead[0][0] < at:
            self.now, _, what, details = heapq.heappop(self._ahead)
            what(*details)
        self.now = at
        found, self._found = self._found, []
        return found

    def run_on(self) -> None:
        """Answers and needs that show after the last day; nobody visits or is contacted any more."""
        while self._ahead:
            self.now, _, what, details = heapq.heappop(self._ahead)
            what(*details)

    def touch(self, touch: Touch) -> None:
        """Something reached somebody. The answer, if there is one, comes with `until`."""
        life = self._lives[touch.person]
        noticed = False
        if not life.standing.left and touch.channel not in life.standing.stopped:
            noticed = self._reach(life, touch)
        self._note(life, touch, noticed)

    # What people do by themselves -------------------------------------------------------------------------------------
    def _visit(self, visit: Visit) -> None:
        life = self._lives[visit.person]
        if life.standing.left:
            return
        self._tell(life, "visited", visit)
        if visit.bought is not None:
            product, value = visit.bought
            self._buy(life, f"{visit.person}-{visit.at:%y%m%d%H%M%S}", product, value, anyway=True)
        if visit.need is not None:
            self._open(life, visit.need)

    def _open(self, life: Life, need: Need, touched: str = "", brought: bool = False) -> None:
        self.log.opened += 1
        self.log.late += need.at > self._ends
        life.needs = [held for held in life.needs if not held.done]
        die = self._rng.uniform(life.person.name, need.key)
        life.needs.append(OpenNeed(need, die, need.chance, touched=touched, brought=brought))
        self._later(max(need.at, self.now), self._show, life, life.needs[-1])

    def _show(self, life: Life, held: OpenNeed) -> None:
        """The time has come when it shows, if nothing brought it about before."""
        if held.done or life.standing.left:
            return
        held.done = True
        if held.die < held.chance:
            self._fulfil(life, held)
        elif held.need.ends_in == "stay":
            self._leave(life)

    def _fulfil(self, life: Life, held: OpenNeed) -> None:
        held.done, need = True, held.need
        if need.ends_in == "demo":
            self._answered(life, held.touched, "accepted")
            self._later(self.now + DEMO_AFTER, self._demo, life, held)
        elif need.value > 0:
            self._order(life, held)

    def _demo(self, life: Life, asked: OpenNeed) -> None:
        need = asked.need
        comes = self._rng.uniform(life.person.name, need.key, "comes") < COMES
        self._end(life, "held" if comes else "missed", "")
        if comes:
            came = Visit(person=life.person.name, at=self.now, doings=(Doing(0.0, "demo_held", need.entity),))
            self._tell(life, "held", came)
            if need.then is not None and not life.standing.left:
                self._open(life, need.then, asked.touched, asked.brought or asked.die >= need.chance)

    def _order(self, life: Life, held: OpenNeed) -> None:
        need = held.need
        off = 0.0
        if held.until is not None and self.now <= held.until:
            off = round(min(need.value * held.percent / 100, held.most_off), 2)
        self._buy(
            life,
            f"{life.person.name}-{need.key}",
            self._goods[int(self._rng.uniform(life.person.name, need.key, "product") * len(self._goods))].name,
            need.value,
            anyway=held.die < need.chance and not held.brought,
            off=off,
            effect=held.touched,
            back=need.returned,
            renewal=need.ends_in == "stay",
        )

    def _buy(
        self,
        life: Life,
        number: str,
        product: str,
        value: float,
        *,
        anyway: bool,
        off: float = 0.0,
        effect: str = "",
        back: float = 0.0,
        renewal: bool = False,
    ) -> None:
        row = Order(life.at, self._since(), value, off, anyway, off > 0, bool(effect), renewal)
        self.log.orders.append(row)
        self._tell(life, "bought", Purchase(f"o-{number}", product, value, off, effect))
        if self._rng.uniform(life.person.name, number, "back") < back:
            after = timedelta(days=4.0 + 10.0 * self._rng.uniform(number, "days"))
            self._later(self.now + after, self._return, life, Purchase(f"r-{number}", product, -value, -off, ""))

    def _return(self, life: Life, purchase: Purchase) -> None:
        self.log.returns.append(Returned(life.at, self._since(), -purchase.value, -purchase.off))
        self._tell(life, "returned", purchase)

    def _leave(self, life: Life) -> None:
        if not life.standing.left:
            life.standing.left = True
            self._end(life, "left", "")

    # How they answer --------------------------------------------------------------------------------------------------
    def _reach(self, life: Life, touch: Touch) -> bool:
        """Whether they noticed it; if so, what comes of it is put on the clock."""
        standing, held = life.standing, self._about(life, touch)
        self._rest(standing, touch.at)
        law = self._world.law(touch, life.person, standing, held.need if held else None, held.chance if held else 0.0)
        about = held.need.key if held else f"{touch.at:%Y%m%d}"
        life.said[about, touch.action, touch.channel] += 1
        key = (life.person.name, about, touch.action, touch.channel, str(life.said[about, touch.action, touch.channel]))
        before = replace(standing)
        if self._rng.uniform(*key, "noticed") >= law.noticed:
            return False
        if touch.kind == "offer":
            standing.fatigue += 1.0
            standing.touches += 1
        at = touch.at + self._delay(touch.channel, *key)
        self._later(max(at, self.now), self._answer, life, touch, before, held, key)
        return True

    def _answer(self, life: Life, touch: Touch, before: Standing, held: OpenNeed | None, key: tuple[str, ...]) -> None:
        """The law is asked again, for what came between counts; `before` is how they stood when it reached them."""
        if life.standing.left:
            return
        need, chance = (held.need, held.chance) if held and not held.done else (None, 0.0)
        law = self._world.law(touch, life.person, before, need, chance)
        if self._rng.uniform(*key, "stops") < law.opts_out:
            self._stop(life, touch)
            if self._rng.uniform(*key, "complains") < _share(law.complains, law.opts_out):
                self._end(life, "complained", touch.channel)
                self._answered(life, touch.effect, "complained")
        elif self._rng.uniform(*key, "declines") < law.declines:
            self._answered(life, touch.effect, "declined")
            if touch.action == CHAT:
                self._come(life, "chat_declined")
        else:
            self._moved(life, touch, law, held, key)
        if self._rng.uniform(*key, "leaves") < law.leaves:
            self._leave(life)

    def _moved(self, life: Life, touch: Touch, law: Law, held: OpenNeed | None, key: tuple[str, ...]) -> None:
        if self._rng.uniform(*key, "accepts") < law.accepts and self._is_served(touch):
            self._answered(life, touch.effect, "accepted")
            self._come(life, "chat_accepted", touch.entity)
        if held is None:
            self._alone(life, touch, law)
            return
        if held.done:
            return
        before, after = held.chance, law.ends_well
        if before <= held.die < after and not self._is_served(touch):
            return
        held.chance = after
        if touch.percent:
            held.percent, held.most_off = touch.percent, touch.most_off
            held.until = touch.at + COUPON_LASTS
        wins = held.die < held.chance
        if wins and (touch.percent or held.die >= before or held.need.ends_in == "demo"):
            held.touched = touch.effect or "-"
            if held.need.ends_in != "stay":
                self._fulfil(life, held)
        elif self._rng.uniform(*key, "clicks") < law.clicks:
            self._answered(life, touch.effect, "clicked")
            self._tell(
                life, "visited", Visit(person=life.person.name, at=self.now, doings=(Doing(0.0, "page_viewed"),))
            )
            held.touched = touch.effect or "-"

    def _alone(self, life: Life, touch: Touch, law: Law) -> None:
        """An order that nothing but the touch brought about, at most one a week."""
        week = f"{touch.at:%G%V}"
        if self._rng.uniform(life.person.name, week, "alone") < law.ends_well:
            value = round(law.value * (0.7 + 0.6 * self._rng.uniform(life.person.name, week, "worth")), 2)
            off = round(min(value * touch.percent / 100, touch.most_off), 2)
            number = f"{life.person.name}-{week}"
            product = self._goods[int(self._rng.uniform(number) * len(self._goods))].name
            if life.asked != int(week):
                life.asked = int(week)
                self._buy(life, number, product, value, anyway=False, off=off, effect=touch.effect or "-")

    def _come(self, life: Life, kind: str, entity: str = "") -> None:
        """An answer brings them back for a moment; it is met while it lasts, like every visit."""
        at = open_at_the_end(self.now, self._setting.begins)
        doings: tuple[Doing, ...] = (Doing(30.0, kind, entity),)
        if kind == "chat_accepted" and entity in self._titles:
            doings = (Doing(0.0, "product_viewed", entity, {"dwell_seconds": 30}), *doings)
        self._later(at, self._tell, life, "visited", Visit(person=life.person.name, at=at, doings=doings))

    def _stop(self, life: Life, touch: Touch) -> None:
        if touch.channel in life.standing.stopped:
            return
        life.standing.stopped.add(touch.channel)
        self._end(life, "stopped", touch.channel)
        self._answered(life, touch.effect, "unsubscribed")

    def _is_served(self, touch: Touch) -> bool:
        """Whoever says yes needs somebody to serve them; a day has only so many of these."""
        most = self._world.capacity.get(touch.action)
        if most is None:
            return True
        day = (touch.action, int(self._since() // 86_400))
        self._served[day] += 1
        return self._served[day] <= most

    def _about(self, life: Life, touch: Touch) -> OpenNeed | None:
        """The need that a touch is about: that of its entity, else the newest of its kind."""
        open_ = [held for held in life.needs if not held.done]
        named = next((held for held in open_ if held.need.entity == touch.entity), None)
        if named is not None:
            return named
        staying = touch.kind == "reply" or touch.action == "win_back"
        fits = [held for held in open_ if (held.need.ends_in == "stay") is staying]
        return fits[-1] if fits else None

    def _rest(self, standing: Standing, at: datetime) -> None:
        if standing.tired_at is not None and standing.fatigue:
            halves = max(0.0, (at - standing.tired_at) / self._world.recovers)
            standing.fatigue *= math.pow(0.5, halves)
        standing.tired_at = at

    def _delay(self, channel: Channel, *key: str) -> timedelta:
        mean = ANSWERS_HOURS[channel]
        if channel not in IN_SESSION and self._rng.uniform(*key, "slow") < SLOW:
            mean *= SLOWER
        hours = -math.log(1.0 - self._rng.uniform(*key, "delay")) * mean
        return min(timedelta(hours=hours), self._world.longest)

    # What is told and noted -------------------------------------------------------------------------------------------
    def _later(self, at: datetime, what: Any, *details: Any) -> None:
        self._sequence += 1
        heapq.heappush(self._ahead, (at, self._sequence, what, details))

    def _tell(self, life: Life, what: What, detail: Any) -> None:
        self._found.append(Happening(self.now, life.person, what, detail))

    def _answered(self, life: Life, effect: str, outcome: str) -> None:
        if effect not in ("", "-"):
            self._tell(life, "answered", (effect, outcome))

    def _end(self, life: Life, what: str, channel: str) -> None:
        self.log.ended.append(Ended(life.at, self._since(), what, channel))

    def _since(self) -> float:
        return (self.now - self._setting.begins).total_seconds()

    def _note(self, life: Life, touch: Touch, noticed: bool) -> None:
        local = touch.at.astimezone(ZoneInfo(life.person.zone))
        since = (touch.at - self._setting.begins).total_seconds()
        offer, pushed = touch.kind == "offer", touch.channel not in IN_SESSION
        while life.touched and life.touched[0] <= since - WEEK:
            life.touched.popleft()
        if offer:
            life.touched.append(since)
        may = life.person.may_be_sent(touch.channel) and touch.channel not in life.standing.stopped
        self.log.touches.append(
            Touched(
                who=life.at,
                at=since,
                action=touch.action,
                channel=str(touch.channel),
                kind=touch.kind,
                hour=local.hour,
                weekday=local.weekday(),
                coupon=touch.percent > 0,
                noticed=noticed,
                unasked=offer and pushed and not may,
                night=offer and pushed and (local.hour >= 21 or local.hour < 8),
                many=offer and len(life.touched) > MOST_A_WEEK,
            )
        )


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole > 0 else 0.0
