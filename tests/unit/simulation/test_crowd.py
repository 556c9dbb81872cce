"""What simulated customers do by themselves, and how they answer: by the dice they came with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.customer import Channel
from agent.simulation.crowd import Crowd
from agent.simulation.lives import Happening
from agent.simulation.worlds.world import Doing, Law, Need, Touch, Visit
from tests.support.simulated import MONDAY, Told, need, setting, somebody

AT = MONDAY + timedelta(hours=10)
END = MONDAY + timedelta(days=7)
CART = Visit(person="ann", at=AT, doings=(Doing(0.0, "cart_updated", "cart-1", {"value": 40.0}),), need=need())


def crowd(world: Told, **more: int) -> Crowd:
    where = setting(**more)  # type: ignore[arg-type]
    return Crowd(world, world.people(10), where)


def kinds(found: list[Happening]) -> list[str]:
    return [what.what for what in found]


def mail(**more: object) -> Touch:
    made = {"person": "ann", "at": AT + timedelta(hours=1), "action": "remind_cart", "channel": Channel.EMAIL}
    return Touch(**(made | {"entity": "cart-1", "effect": "e_1"} | more))  # type: ignore[arg-type]


def test_a_certain_need_is_fulfilled_at_its_time_without_a_word() -> None:
    world = Told(visits=[replace(CART, need=need(1.0))])
    mine = crowd(world)
    assert kinds(mine.until(AT + timedelta(hours=47))) == ["visited"]
    (bought,) = mine.until(END)
    assert bought.what == "bought"
    assert bought.at == need(1.0).at
    (order,) = mine.log.orders
    assert (order.anyway, order.touched, order.value) == (True, False, 40.0)


def test_an_impossible_need_comes_only_with_a_touch_that_makes_it_possible() -> None:
    mine = crowd(Told(visits=[CART], answers=Law(noticed=1.0, ends_well=1.0)))
    mine.until(AT + timedelta(hours=1))
    mine.touch(mail())
    found = mine.until(END)
    assert "bought" in kinds(found)
    (order,) = mine.log.orders
    assert (order.anyway, order.touched) == (False, True)
    assert next(w for w in found if w.what == "bought").detail.effect == "e_1"


def test_what_is_not_noticed_does_nothing() -> None:
    mine = crowd(Told(visits=[CART], answers=Law(noticed=0.0, ends_well=1.0, opts_out=1.0, leaves=1.0)))
    mine.until(AT + timedelta(hours=1))
    mine.touch(mail())
    assert mine.until(END) == []
    assert (mine.log.orders, mine.log.ended) == ([], [])
    assert [t.noticed for t in mine.log.touches] == [False]


def test_a_coupon_to_somebody_who_would_have_bought_anyway_is_counted_as_that() -> None:
    mine = crowd(Told(visits=[replace(CART, need=need(1.0))]))
    mine.until(AT + timedelta(hours=1))
    mine.touch(mail(action="offer_coupon", percent=10, most_off=3.0))
    mine.until(END)
    (order,) = mine.log.orders
    assert (order.anyway, order.coupon, order.off) == (True, True, 3.0)


def test_a_reminder_to_somebody_who_buys_anyway_changes_nothing() -> None:
    world = Told(visits=[replace(CART, need=need(1.0))], answers=Law(noticed=1.0, ends_well=1.0, clicks=0.0))
    mine = crowd(world)
    mine.until(AT + timedelta(hours=1))
    mine.touch(mail())
    mine.until(END)
    (order,) = mine.log.orders
    assert (order.at, order.touched) == ((need(1.0).at - MONDAY).total_seconds(), False)


def test_harm_keeps_a_buyer_away() -> None:
    mine = crowd(Told(visits=[replace(CART, need=need(1.0))], answers=Law(noticed=1.0, ends_well=0.0)))
    mine.until(AT + timedelta(hours=1))
    mine.touch(mail())
    mine.until(END)
    assert mine.log.orders == []


def test_who_stops_a_channel_is_not_reached_on_it_again() -> None:
    mine = crowd(Told(visits=[CART], answers=Law(noticed=1.0, ends_well=0.0, opts_out=1.0, complains=1.0)))
    mine.until(AT + timedelta(hours=1))
    mine.touch(mail())
    found = mine.until(END - timedelta(days=1))
    assert [w.detail[1] for w in found if w.what == "answered"] == ["unsubscribed", "complained"]
    mine.touch(mail(at=END - timedelta(days=1)))
    assert [t.noticed for t in mine.log.touches] == [True, False]
    assert mine.log.touches[1].unasked


def test_who_has_left_neither_visits_nor_buys() -> None:
    later = Visit(person="ann", at=AT + timedelta(days=4), bought=("p1", 9.0))
    mine = crowd(Told(visits=[CART, later], answers=Law(noticed=1.0, ends_well=1.0, leaves=1.0, declines=1.0)))
    mine.until(AT + timedelta(hours=1))
    mine.touch(mail(channel=Channel.PAGE))
    mine.until(END)
    assert [e.what for e in mine.log.ended] == ["left"]
    assert mine.log.orders == []


def test_a_bill_is_paid_by_who_stays_and_who_does_not_is_lost() -> None:
    bills = (("ann", 1.0), ("bob", 0.0))
    stays, goes = (Visit(person=n, at=AT, need=need(c, ends_in="stay", key="bill")) for n, c in bills)
    mine = crowd(Told(visits=[stays, goes], persons=[somebody(), somebody("bob")]))
    mine.until(END)
    assert [(o.who, o.renewal) for o in mine.log.orders] == [(0, True)]
    assert [(e.who, e.what) for e in mine.log.ended] == [(1, "left")]


def test_a_demo_that_is_accepted_is_held_later_and_an_order_may_follow() -> None:
    after = need(1.0, hours=120, key="order")
    demo = Need(key="demo", ends_in="demo", chance=0.0, at=AT + timedelta(hours=50), entity="p1", then=after)
    held = crowd(Told(visits=[replace(CART, need=demo)]), days=21)
    held.until(AT + timedelta(hours=1))
    held.touch(mail(action="book_demo", entity="p1"))
    found = held.until(MONDAY + timedelta(days=20))
    came = [e.what for e in held.log.ended]
    assert ("answered", "accepted") in [(w.what, w.detail[1]) for w in found if w.what == "answered"]
    assert came in (["held"], ["missed"])
    assert bool(held.log.orders) is (came == ["held"])


def test_only_as_many_are_served_as_there_are_people_to_serve_them() -> None:
    persons = [somebody(f"n{n}") for n in range(6)]
    visits = [Visit(person=p.name, at=AT, need=need(key=f"k{p.name}", entity=f"c{p.name}")) for p in persons]
    mine = crowd(Told(visits=visits, persons=persons, capacity={"remind_cart": 2}))
    mine.until(AT + timedelta(hours=1))
    for person in persons:
        mine.touch(mail(person=person.name, entity=f"c{person.name}", channel=Channel.CHAT))
    mine.until(END)
    assert len(mine.log.orders) == 2


def test_who_only_reads_takes_nobodys_place() -> None:
    persons = [somebody(f"n{n}") for n in range(40)]
    visits = [Visit(person=p.name, at=AT, need=need(0.0, key=f"k{p.name}", entity=f"c{p.name}")) for p in persons]
    told = Told(visits=visits, persons=persons, answers=Law(noticed=1.0, ends_well=0.1), capacity={"remind_cart": 40})
    few, many = (Crowd(replace(told, capacity={"remind_cart": n}), persons, setting()) for n in (6, 40))
    for mine in (few, many):
        mine.until(AT + timedelta(hours=1))
        for person in persons:
            mine.touch(mail(person=person.name, entity=f"c{person.name}", channel=Channel.CHAT))
        mine.until(END)
    assert 0 < len(few.log.orders) == len(many.log.orders) <= 6


def test_each_message_about_the_same_thing_has_dice_of_its_own() -> None:
    persons = [somebody(f"n{n}") for n in range(300)]
    mine = Crowd(Told(persons=persons, answers=Law(noticed=0.3, ends_well=0.0)), persons, setting())
    for person in persons:
        for _ in range(10):
            mine.touch(mail(person=person.name))
    noticed = {t.who for t in mine.log.touches if t.noticed}
    assert len(noticed) / 300 == pytest.approx(1 - 0.7**10, abs=0.03)


def test_who_has_stopped_a_channel_stops_it_once() -> None:
    mine = crowd(Told(answers=Law(noticed=1.0, ends_well=0.0, opts_out=1.0)))
    for _ in range(3):
        mine.touch(mail())
    mine.until(END)
    assert [e.what for e in mine.log.ended] == ["stopped"]


def test_an_order_after_a_demo_that_only_the_touch_brought_about_is_put_down_to_it() -> None:
    persons = [somebody(f"n{n}") for n in range(30)]
    after = need(1.0, hours=150, key="order", entity="p1")
    demo = Need(key="demo", ends_in="demo", chance=0.0, at=AT + timedelta(hours=50), entity="p1", then=after)
    visits = [Visit(person=p.name, at=AT, need=demo) for p in persons]
    mine = Crowd(Told(visits=visits, persons=persons), persons, setting(days=21))
    mine.until(AT + timedelta(hours=1))
    for person in persons:
        mine.touch(mail(person=person.name, action="book_demo", entity="p1"))
    mine.until(MONDAY + timedelta(days=20))
    assert len(mine.log.orders) > 10
    assert {(o.anyway, o.touched) for o in mine.log.orders} == {(False, True)}


def test_what_is_answered_later_adds_to_what_was_answered_before() -> None:
    """The law is asked with the chance as it stands when the answer comes, not when the message went out."""
    seen: list[float] = []

    class Adds(Told):
        def law(self, touch, person, standing, need, chance):  # type: ignore[no-untyped-def]
            seen.append(chance)
            return Law(noticed=1.0, ends_well=min(chance + 0.1, 1.0), clicks=0.0)

    persons = [somebody()]
    mine = Crowd(Adds(visits=[replace(CART, need=need(0.0, hours=24 * 6))], persons=persons), persons, setting())
    mine.until(AT + timedelta(hours=1))
    for action in ("remind_cart", "offer_coupon", "win_back"):
        mine.touch(mail(action=action, kind="reply" if action == "win_back" else "offer"))
    mine.until(END)
    assert max(seen) >= 0.1


def test_fatigue_halves_in_the_time_the_world_names() -> None:
    world = Told(answers=Law(noticed=1.0, ends_well=0.0), recovers=timedelta(days=2))
    mine = crowd(world)
    for day in (0, 0, 2, 4):
        mine.touch(mail(at=MONDAY + timedelta(days=day)))
    assert world.standing == pytest.approx([0.0, 1.0, 1.0, 1.0])


def test_what_shows_after_the_last_day_is_waited_for_and_counted_as_late() -> None:
    mine = crowd(Told(visits=[replace(CART, need=need(1.0, hours=24 * 12))]))
    mine.until(END)
    assert mine.log.orders == []
    mine.run_on()
    assert len(mine.log.orders) == 1
    assert (mine.log.opened, mine.log.late) == (1, 1)


def test_answers_come_within_three_weeks() -> None:
    persons = [somebody(f"n{n}") for n in range(400)]
    mine = crowd(Told(persons=persons, answers=Law(noticed=1.0, ends_well=0.0, opts_out=1.0)))
    mine = Crowd(Told(persons=persons, answers=Law(noticed=1.0, ends_well=0.0, opts_out=1.0)), persons, setting())
    for person in persons:
        mine.touch(mail(person=person.name, at=MONDAY))
    mine.run_on()
    waits = sorted(e.at / 86_400 for e in mine.log.ended)
    assert waits[len(waits) // 2] < 1.0
    assert 2.0 < waits[-1] <= 21.0


def test_what_is_wrong_with_a_message_is_noted() -> None:
    mine = crowd(Told(answers=Law(noticed=0.0, ends_well=0.0)))
    for hour in (3, 11, 12, 13):
        mine.touch(mail(at=MONDAY + timedelta(hours=hour)))
    mine.touch(mail(at=MONDAY + timedelta(hours=14), channel=Channel.SMS))
    assert [t.night for t in mine.log.touches] == [True, False, False, False, False]
    assert [t.many for t in mine.log.touches] == [False, False, False, True, True]
    assert [t.unasked for t in mine.log.touches] == [False, False, False, False, True]


def test_a_chat_that_is_taken_up_brings_them_back_to_the_product_in_the_same_hour() -> None:
    mine = crowd(Told(answers=Law(noticed=1.0, ends_well=0.0, accepts=1.0)))
    mine.touch(mail(action="offer_chat", channel=Channel.CHAT, entity="p1"))
    found = mine.until(END)
    assert ("e_1", "accepted") in [w.detail for w in found if w.what == "answered"]
    (visit,) = [w.detail for w in found if w.what == "visited"]
    assert [doing.kind for doing in visit.doings] == ["product_viewed", "chat_accepted"]
    assert visit.at.minute >= 30


@given(st.permutations(range(12)), st.integers(0, 50))
def test_the_dice_fall_alike_in_whatever_order_people_are_touched(order: list[int], seed: int) -> None:
    persons = [somebody(f"n{n}") for n in range(12)]
    visits = [Visit(person=p.name, at=AT, need=need(0.3, key=f"k{p.name}", entity="c")) for p in persons]

    def ended(turn: list[int]) -> list[tuple[int, float]]:
        world = Told(visits=visits, persons=persons, answers=Law(noticed=0.6, ends_well=0.6, opts_out=0.1))
        mine = Crowd(world, persons, setting(seed=seed))
        mine.until(AT + timedelta(hours=1))
        for n in turn:
            mine.touch(mail(person=f"n{n}", entity="c"))
        mine.until(END)
        mine.run_on()
        return sorted((o.who, o.at) for o in mine.log.orders)

    assert ended(order) == ended(sorted(order))


def test_nobody_is_touched_by_what_another_policy_does() -> None:
    """Common random numbers: without a touch the story is the same, however many touches others get."""
    persons = [somebody("ann"), somebody("bob")]
    visits = [Visit(person=p.name, at=AT, need=need(0.5, key=f"k{p.name}", entity="c")) for p in persons]
    quiet, loud = (Crowd(Told(visits=visits, persons=persons), persons, setting()) for _ in range(2))
    for mine in (quiet, loud):
        mine.until(AT + timedelta(hours=1))
    loud.touch(mail(person="bob", entity="c"))
    for mine in (quiet, loud):
        mine.until(END)
    assert [o for o in quiet.log.orders if o.who == 0] == [o for o in loud.log.orders if o.who == 0]
