"""What sellers do today, played as they would."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.domain.customer import Channel
from agent.domain.errors import InputError
from agent.simulation.clock import VirtualClock, open_at_the_end
from agent.simulation.crowd import Crowd
from agent.simulation.plain import Coupon, PlainArm
from agent.simulation.policies import Everyone, Look, Nobody, Oracle, Policy, Rules, Say, Seen
from agent.simulation.worlds.world import Doing, Law, Visit
from tests.support.simulated import ACTIONS, MONDAY, Told, need, setting, somebody

AT = MONDAY + timedelta(hours=10)
CART = Visit(person="ann", at=AT, doings=(Doing(0.0, "cart_updated", "cart-1", {"value": 40.0}),), need=need())


def play(policy: Policy, world: Told, days: int = 14) -> Crowd:
    where = setting(days=days)
    people = world.people(50)
    crowd = Crowd(world, people, where)
    arm, clock = PlainArm(policy, crowd, people, Coupon(10, 8.0), ACTIONS), VirtualClock(MONDAY)
    arm.begin(MONDAY)
    for _ in clock.ticks(MONDAY + timedelta(days=days)):
        arm.tick(clock)
    return crowd


def said(crowd: Crowd) -> list[tuple[str, str, datetime]]:
    return [(t.action, t.channel, MONDAY + timedelta(seconds=t.at)) for t in crowd.log.touches]


def deaf(**more: object) -> Told:
    return Told(answers=Law(noticed=0.0, ends_well=0.0), **more)  # type: ignore[arg-type]


def test_rules_send_one_coupon_an_hour_after_a_cart_was_left() -> None:
    ((action, channel, at),) = said(play(Rules(), deaf(visits=[CART])))
    assert (action, channel) == ("offer_coupon", "email")
    opened = open_at_the_end(AT, MONDAY)
    assert timedelta(hours=1) <= at - opened <= timedelta(hours=2)


def test_rules_send_nothing_to_whoever_bought_meanwhile_or_never_subscribed() -> None:
    bought = Visit(person="ann", at=AT, doings=CART.doings, bought=("p1", 40.0))
    assert said(play(Rules(), deaf(visits=[bought]))) == []
    assert said(play(Rules(), deaf(visits=[CART], persons=[somebody("ann", Channel.SMS)]))) == []


def test_rules_say_come_back_once_in_the_morning_after_thirty_silent_days() -> None:
    gone = Visit(person="ann", at=AT, doings=(Doing(0.0, "page_viewed", "home"),))
    ((action, _, at),) = said(play(Rules(), deaf(visits=[gone]), days=50))
    assert action == "win_back"
    assert at.astimezone(ZoneInfo("Europe/London")).hour == 10
    assert timedelta(days=30) <= at - AT <= timedelta(days=31, hours=1)


def test_everyone_gets_a_coupon_on_every_channel_each_monday_morning_agreed_or_not() -> None:
    person = somebody("ann", Channel.EMAIL, Channel.SMS)
    crowd = play(Everyone(), deaf(persons=[person]), days=15)
    assert {c for _, c, _ in said(crowd)} == {"email", "sms"}
    assert [at.weekday() for *_, at in said(crowd)] == [0] * 6
    assert {at.hour for *_, at in said(crowd)} == {10}


def test_nobody_says_nothing() -> None:
    assert said(play(Nobody(), deaf(visits=[CART]))) == []


def oracle(crowd: Crowd, world: Told) -> Oracle:
    costs = {"remind_cart": 0.1, "offer_coupon": 0.1, "win_back": 0.1}
    return Oracle(world=world, life=crowd.life, costs=costs, percent=10, most_off=8.0, margin=0.35, stopped=20.0)


@pytest.mark.parametrize(
    ("law", "speaks"),
    [
        (Law(noticed=0.9, ends_well=0.8), True),
        (Law(noticed=0.9, ends_well=0.0), False),
        (Law(noticed=0.9, ends_well=0.8, opts_out=0.9), False),
    ],
)
def test_an_oracle_speaks_where_it_pays_and_is_silent_where_it_harms(law: Law, speaks: bool) -> None:
    world = Told(visits=[CART], answers=law)
    people, crowd = world.people(1), Crowd(world, world.people(1), setting())
    arm, clock = PlainArm(oracle(crowd, world), crowd, people, Coupon(10, 8.0), ACTIONS), VirtualClock(MONDAY)
    arm.begin(MONDAY)
    for _ in clock.ticks(MONDAY + timedelta(days=2)):
        arm.tick(clock)
    assert bool(crowd.log.touches) is speaks


class Own:
    """A policy of one's own that says what it is given."""

    name = "own"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
        return [self.answer]  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (Say("sing", Channel.EMAIL), "sing"),
        ("hello", "str"),
        (Look(datetime(2026, 12, 1)), "zone"),  # noqa: DTZ001 - that is the fault
    ],
)
def test_a_policy_that_does_what_none_may_is_named(answer: object, named: str) -> None:
    with pytest.raises(InputError, match="policy own") as caught:
        play(Own(answer), deaf())
    assert named in str(caught.value)


@pytest.mark.parametrize("answers", [None, iter(int, 1)])
def test_a_policy_that_answers_nothing_or_never_ends_is_named(answers: object) -> None:
    class Odd(Own):
        def decide(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
            return self.answer  # type: ignore[return-value]

    with pytest.raises(InputError, match="policy own"):
        play(Odd(answers), deaf())


def test_a_page_is_shown_only_while_somebody_is_there() -> None:
    assert said(play(Own(Say("remind_cart", Channel.PAGE)), deaf())) == []
    assert len(said(play(Own(Say("remind_cart", Channel.PAGE)), deaf(visits=[CART])))) == 1


def test_nobody_is_sent_to_an_address_that_they_do_not_have() -> None:
    assert said(play(Own(Say("remind_cart", Channel.SMS)), deaf())) == []
