"""What sellers do today, as policies to compare with: rules, everyone, nobody; and an oracle that knows the law.

A policy of one's own is a class with `decide`, in a file: `--policy path.py:Policy`. It is asked about somebody after
each of their visits and whenever it had asked to look again; it answers with what to say and when to look next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from agent.domain.customer import Channel
from agent.simulation.lives import Life, OpenNeed
from agent.simulation.worlds.world import Touch, World


class Cart(NamedTuple):
    """A cart that was left: `value` in main units."""

    entity: str
    value: float
    at: datetime


@dataclass(slots=True, kw_only=True)
class Seen:
    """What an automation of today knows of somebody. `subscribed`: agreed to advertising there and did not stop it;
    `said` is when each action was said to them last."""

    name: str
    locale: str
    zone: str
    channels: tuple[Channel, ...]
    subscribed: set[Channel]
    orders: int
    bought_at: datetime | None
    seen_at: datetime | None = None
    cart: Cart | None = None
    said: dict[str, datetime] = field(default_factory=dict)


class Say(NamedTuple):
    """`coupon`: with the playbook's first campaign."""

    action: str
    channel: Channel
    entity: str = ""
    coupon: bool = False


class Look(NamedTuple):
    """Ask again at this time."""

    at: datetime


class Policy(Protocol):
    """One way of doing things. It must be a function of what it is told: no clock and no draws of its own."""

    name: str

    def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]: ...


class Nobody:
    """Says nothing to anybody."""

    name = "nobody"

    def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
        return ()


class Rules:
    """Classic automation, by mail to subscribers: an hour after a cart was left a coupon; each morning at ten "come
    back" to whoever has been silent for thirty days by then."""

    name = "rules"
    CART_AFTER = timedelta(hours=1)
    SILENT = timedelta(days=30)

    def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
        if Channel.EMAIL not in seen.subscribed:
            return
        cart = seen.cart
        if cart is not None and now < cart.at + self.CART_AFTER:
            yield Look(cart.at + self.CART_AFTER)
        elif cart is not None and seen.said.get("offer_coupon", cart.at) <= cart.at:
            yield Say("offer_coupon", Channel.EMAIL, cart.entity, coupon=True)
        active = max(t for t in (seen.seen_at, seen.bought_at, EVER) if t is not None)
        morning = next_hour(10, active + self.SILENT, seen.zone)
        if morning <= now < morning + timedelta(hours=1):
            yield Say("win_back", Channel.EMAIL)
        elif now < morning:
            yield Look(morning)


def next_hour(hour: int, at: datetime, zone: str) -> datetime:
    """The next time from `at` on at which the customer's clock shows this hour."""
    local = at.astimezone(ZoneInfo(zone))
    found = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return found if found >= local else found + timedelta(days=1)


EVER = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))


class Everyone:
    """A coupon to every address there is, each Monday at ten, asked for or not."""

    name = "everyone"

    def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
        local = now.astimezone(ZoneInfo(seen.zone))
        monday = local.weekday() == 0 and local.hour == 10
        said = seen.said.get("offer_coupon")
        if monday and (said is None or now - said > timedelta(days=1)):
            for channel in seen.channels:
                yield Say("offer_coupon", channel, seen.cart.entity if seen.cart else "", coupon=True)
        ahead = (local + timedelta(days=(7 - local.weekday()) % 7)).replace(hour=10, minute=0, second=0, microsecond=0)
        yield Look(ahead if ahead > local else ahead + timedelta(days=7))


class Talker:
    """Speaks at every visit, on every address and on the page: for trying a world out."""

    name = "talker"

    def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
        cart = seen.cart.entity if seen.cart else ""
        yield Say("offer_chat", Channel.PAGE, cart)
        for channel in seen.channels:
            yield Say("offer_coupon", channel, cart, coupon=True)


@dataclass(slots=True)
class Oracle:
    """Knows every need and the law, and says what earns most by them, to those who agreed, one message at a time: a
    reference for what there is to win, no proven bound. `margin` of an order's value is earned; a lost channel costs
    `stopped` (margin)."""

    world: World
    life: Callable[[str], Life]
    costs: dict[str, float]
    percent: int
    most_off: float
    margin: float
    stopped: float
    name: str = "oracle"
    CHANNELS = (Channel.EMAIL, Channel.KAKAO, Channel.PUSH, Channel.SMS)
    FITS: ClassVar[dict[str, tuple[str, ...]]] = {
        "purchase": ("remind_cart", "offer_coupon"),
        "demo": ("book_demo",),
        "stay": ("win_back", "offer_coupon"),
    }
    AGAIN = timedelta(days=2)

    def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
        life = self.life(seen.name)
        needs = [held for held in life.needs if not held.done and held.need.at > now]
        best: tuple[float, Say] | None = None
        for held in needs:
            if held.percent == 0 and now >= seen.said.get(held.need.entity, EVER) + self.AGAIN:
                found = max((self._worth(life, held, say, now), say) for say in self._options(seen, held))
                best = found if best is None or found[0] > best[0] else best
        if best is not None and best[0] > 0:
            yield best[1]
            yield Look(now + self.AGAIN)

    def _options(self, seen: Seen, held: OpenNeed) -> Iterable[Say]:
        none = Say("remind_cart", Channel.DESK)
        reach = [c for c in self.CHANNELS if c in seen.subscribed]
        fits = [action for action in self.FITS[held.need.ends_in] if action in self.costs]
        found = [Say(action, c, held.need.entity, action == "offer_coupon") for action in fits for c in reach]
        return found or [none]

    def _worth(self, life: Life, held: OpenNeed, say: Say, now: datetime) -> float:
        """What it is expected to bring beyond silence, by the law itself."""
        if say.channel is Channel.DESK:
            return 0.0
        need, percent = held.need, self.percent if say.coupon else 0
        touch = Touch(life.person.name, now, say.action, say.channel, "offer", say.entity, percent, self.most_off)
        law = self.world.law(touch, life.person, life.standing, need, held.chance)
        value = need.value if need.ends_in != "demo" or need.then is None else need.then.value * need.then.chance
        value = value * (1.0 - need.returned) or self.stopped / self.margin * (need.ends_in == "stay")
        off = min(value * percent / 100, self.most_off)
        gained = law.ends_well * (self.margin * value - off) - held.chance * self.margin * value
        harm = (law.opts_out + law.leaves) * self.stopped
        return law.noticed * (gained - harm) - self.costs[say.action]
