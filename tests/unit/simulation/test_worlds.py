"""Every world, built in or of one's own, keeps what docs/worlds.md says of worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Literal

import pytest

from agent.domain.customer import Channel, Purpose
from agent.domain.errors import InputError
from agent.simulation.calibration import Calibration, Profile
from agent.simulation.draws import Draws
from agent.simulation.plan import WORLDS
from agent.simulation.played import actions
from agent.simulation.worlds.calibrated import Calibrated
from agent.simulation.worlds.checked import CheckedWorld
from agent.simulation.worlds.perturbed import Perturbed
from agent.simulation.worlds.world import Law, Need, Setting, Standing, Touch, Visit, World
from tests.support.simulated import ACTIONS, MONDAY, Told, need, setting, somebody

MEASURED = Calibration(
    customers=400,
    orders=900,
    days=90,
    rates=tuple(0.05 * n for n in range(60)),
    baskets=tuple(10.0 + n for n in range(100)),
    hours=tuple(1 / 24 for _ in range(24)),
    weekdays=(0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2),
    months=tuple(1 / 12 for _ in range(12)),
    median_gap=20.0,
    mean_basket=59.5,
    profiles=(Profile(channels=(Channel.EMAIL,), agreed=((Purpose.AD_SENDING, Channel.EMAIL),)),),
)
MADE: dict[str, Callable[[Setting], World]] = {
    **WORLDS,
    "data": lambda s: Calibrated(s, MEASURED),
    "bent": lambda s: Perturbed(WORLDS["shop"](s), 3),
}


@pytest.mark.parametrize("locale", ["ko", "en"])
@pytest.mark.parametrize("name", sorted(MADE))
def test_a_world_says_only_what_a_world_may(name: str, locale: Literal["ko", "en"]) -> None:
    world = CheckedWorld(MADE[name](setting(locale)), actions())
    people = world.people(120)
    visits = [visit for day in range(5) for visit in world.day(day)]
    assert visits
    assert all(person.locale == locale for person in people)
    by_name = {person.name: person for person in people}
    for visit in visits[:60]:
        person = by_name[visit.person]
        for action in sorted(actions()):
            for channel in (Channel.EMAIL, Channel.CHAT, Channel.DESK):
                touch = Touch(person.name, visit.at, action, channel, "offer", "x", 10, 5.0)
                world.law(touch, person, Standing(fatigue=4.0), visit.need, visit.need.chance if visit.need else 0.0)


@pytest.mark.parametrize("name", sorted(MADE))
def test_the_same_setting_tells_the_same_story_and_another_seed_another(name: str) -> None:
    one, same, other = (MADE[name](setting(seed=seed)) for seed in (7, 7, 8))
    told = [(w.people(80), [w.day(n) for n in range(3)]) for w in (one, same, other)]
    assert told[0] == told[1]
    assert told[0] != told[2]


@pytest.mark.parametrize("name", sorted(MADE))
def test_days_may_be_asked_for_in_any_order(name: str) -> None:
    forth, back = MADE[name](setting()), MADE[name](setting())
    forth.people(60)
    back.people(60)
    assert [forth.day(n) for n in range(4)] == [back.day(n) for n in reversed(range(4))][::-1]


def test_nothing_works_in_the_null_world() -> None:
    world = MADE["null"](setting())
    (person, *_) = world.people(5)
    touch = Touch(person.name, MONDAY, "offer_coupon", Channel.EMAIL, percent=50)
    law = world.law(touch, person, Standing(), need(0.3), 0.3)
    assert law.ends_well == 0.3
    assert (law.opts_out, law.complains, law.leaves, law.declines) == (0, 0, 0, 0)
    assert world.law(touch, person, Standing(), None, 0.0).ends_well == 0


def test_contact_harms_in_the_fragile_world() -> None:
    world = MADE["fragile"](setting())
    (person, *_) = world.people(5)
    touch = Touch(person.name, MONDAY, "remind_cart", Channel.EMAIL)
    law = world.law(touch, person, Standing(), need(0.3), 0.3)
    assert law.ends_well < 0.3
    assert law.opts_out > 0


def test_a_tired_customer_answers_less_and_stops_sooner() -> None:
    world = MADE["shop"](setting())
    person = next(p for p in world.people(50) if p.channels)
    touch = Touch(person.name, MONDAY + timedelta(hours=11), "offer_coupon", Channel.EMAIL, percent=10)
    rested, tired = (world.law(touch, person, Standing(fatigue=f), need(0.2), 0.2) for f in (0.0, 5.0))
    assert tired.ends_well < rested.ends_well
    assert tired.opts_out > rested.opts_out


def test_the_shop_is_calibrated_to_the_rates_and_baskets_it_was_given() -> None:
    world = Calibrated(setting(days=60), MEASURED)
    people = world.people(3_000)
    visits = [visit for day in range(60) for visit in world.day(day)]
    values = [v.bought[1] for v in visits if v.bought]
    carts = sum(v.need.chance for v in visits if v.need and v.need.ends_in == "purchase")
    expected = len(values) + carts
    wanted = sum(MEASURED.rates) / len(MEASURED.rates) * len(people) * 60 / 30.4
    assert expected == pytest.approx(wanted, rel=0.08)
    assert sum(values) / len(values) == pytest.approx(MEASURED.mean_basket, rel=0.05)
    assert {person.channels for person in people} == {(Channel.EMAIL,)}


NAIVE = MONDAY.replace(tzinfo=None)
VISIT = Visit(person="ann", at=MONDAY + timedelta(hours=10))
FAULTS: list[tuple[str, Told, str]] = [
    ("a customer it never introduced", Told(visits=[replace(VISIT, person="eve")]), "eve"),
    ("a chance above one", Told(visits=[replace(VISIT, need=need(1.2))]), "1.2"),
    ("a chance that is no number", Told(visits=[replace(VISIT, need=need(float("nan")))]), "nan"),
    ("a value that is no number", Told(visits=[replace(VISIT, need=need(value=float("inf")))]), "inf"),
    ("a need that shows too late", Told(visits=[replace(VISIT, need=need(hours=24 * 40))]), "21 days"),
    ("a need that shows before it opens", Told(visits=[replace(VISIT, need=need(hours=-5))]), "before"),
    ("a time without a zone", Told(visits=[replace(VISIT, need=need(at=NAIVE))]), "zone"),
    ("a purchase of nothing known", Told(visits=[replace(VISIT, bought=("p1", -3.0))]), "-3.0"),
]


@pytest.mark.parametrize(("what", "world", "named"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_what_no_world_may_say_is_named_and_stops_the_run(what: str, world: Told, named: str) -> None:
    checked = CheckedWorld(world, ACTIONS)
    checked.people(1)
    with pytest.raises(InputError, match="told") as caught:
        checked.day(0)
    assert named in str(caught.value)
    assert "day(0)" in str(caught.value)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"noticed": None}, "noticed is None"),
        ({"ends_well": "much"}, "ends_well is much"),
        ({"value": None}, "value is None"),
    ],
)
def test_what_is_no_number_at_all_is_named_too(change: dict[str, object], named: str) -> None:
    law = replace(Law(noticed=0.5, ends_well=0.5), **change)  # type: ignore[arg-type]
    touch = Touch("ann", MONDAY, "remind_cart", Channel.EMAIL)
    with pytest.raises(InputError, match=named):
        CheckedWorld(Told(answers=law), ACTIONS).law(touch, somebody(), Standing(), None, 0.0)


def test_a_world_that_fails_is_named_with_its_method() -> None:
    class Fails(Told):
        def law(self, *_: object) -> Law:
            raise KeyError("nobody")

        def day(self, number: int) -> list[Visit]:
            return [1 / 0]  # type: ignore[list-item]

    checked = CheckedWorld(Fails(), ACTIONS)
    with pytest.raises(InputError, match=r"day\(0\): it failed \(ZeroDivisionError"):
        checked.day(0)
    touch = Touch("ann", MONDAY, "remind_cart", Channel.EMAIL)
    with pytest.raises(InputError, match=r"law\(remind_cart, email\): it failed \(KeyError"):
        checked.law(touch, somebody(), Standing(), None, 0.0)


def test_worlds_that_tell_different_stories_have_different_hashes() -> None:
    def story(seed: int) -> str:
        checked = CheckedWorld(MADE["shop"](setting(seed=seed)), actions())
        checked.people(30)
        checked.day(0)
        return checked.story

    assert story(1) == story(1) != story(2)


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(InputError, match="no such action: 'sing'"):
        CheckedWorld(Told(capacity={"sing": 3}), ACTIONS)


def test_people_who_come_twice_are_named() -> None:
    with pytest.raises(InputError, match="2 different customers were asked for, 1 came"):
        CheckedWorld(Told(persons=[somebody(), somebody()]), ACTIONS).people(2)


@pytest.mark.parametrize("part", [f.name for f in fields(Law)])
@pytest.mark.parametrize("value", [float("nan"), -0.1])
def test_every_part_of_the_law_is_checked(part: str, value: float) -> None:
    world = CheckedWorld(Told(answers=replace(Law(noticed=0.5, ends_well=0.5), **{part: value})), ACTIONS)
    touch = Touch("ann", MONDAY, "remind_cart", Channel.EMAIL)
    with pytest.raises(InputError, match=r"law\(remind_cart, email\)") as caught:
        world.law(touch, somebody(), Standing(), None, 0.0)
    assert part in str(caught.value)


def test_draws_do_not_depend_on_the_order_in_which_they_are_asked_for() -> None:
    draws = Draws(3)
    first = draws.table("day", "1").random(4).tolist()
    draws.table("day", "2").random(9)
    assert draws.table("day", "1").random(4).tolist() == first
    assert Draws(3, "rules").table("day", "1").random(4).tolist() != first
    assert Draws(4).table("day", "1").random(4).tolist() != first


def test_a_demo_may_be_followed_by_an_order_that_is_checked_too() -> None:
    after = need(2.0, hours=100)
    demo = Need(key="d", ends_in="demo", chance=0.1, at=MONDAY + timedelta(hours=60), entity="p1", then=after)
    checked = CheckedWorld(Told(visits=[replace(VISIT, need=demo)]), ACTIONS)
    checked.people(1)
    with pytest.raises(InputError, match=r"2\.0"):
        checked.day(0)


def test_a_zone_is_asked_of_the_visit_itself() -> None:
    world = Told(visits=[Visit(person="ann", at=MONDAY)])
    checked = CheckedWorld(world, ACTIONS)
    checked.people(1)
    world.day = lambda number: [Visit(person="ann", at=NAIVE)]  # type: ignore[method-assign]
    with pytest.raises(InputError, match="zone"):
        checked.day(0)
