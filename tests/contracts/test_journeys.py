"""Journeys and timers on both stores: one for two triggers, spaced, looked at again, ended in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from agent.domain.customer import Channel, ConsentStatus, Goal, Purpose
from agent.domain.delivery import Claim, Refused, Sent
from agent.domain.imports import Row
from agent.domain.journey import Chapter, Exit
from agent.domain.money import Money
from agent.domain.timers import TimerKind
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import consent, database_of, event, order, person, regular
from tests.support.people import NOON
from tests.support.sending import ALL, Sink, house

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds, sink: Sink) -> Tactful:
    return house(tmp_path, database, clock, ids, [(sink, ALL)])


def chapters(tactful: Tactful, name: str = "ann") -> list[Chapter]:
    return tactful.stores.journeys.chapters(tactful.tenant, tactful.find(name))


def timers(tactful: Tactful, kind: TimerKind) -> Counter[str]:
    with database_of(tactful).reading() as connection:
        return Counter(connection.execute(select(t.timers.c.state).where(t.timers.c.kind == kind)).scalars())


def decide(tactful: Tactful, name: str = "ann", **more: Any) -> str:
    decision = asyncio.run(tactful.decide(name, **more))
    return decision.chosen.action if decision.chosen else "hold"


def test_an_offer_begins_a_journey_towards_its_goal(tactful: Tactful) -> None:
    tactful.take(list(regular("ann")))
    assert decide(tactful) == "recommend_product"
    (chapter,) = chapters(tactful)
    assert (chapter.journey.goal, chapter.journey.entity, chapter.exit) == (Goal.PURCHASE, "lamp", None)
    assert [touch.action for touch in chapter.journey.tried] == ["recommend_product"]
    assert chapter.journey.next_at == NOON + 48 * HOUR
    assert timers(tactful, TimerKind.FOLLOW_UP) == {"armed": 1}


def test_two_triggers_at_once_make_one_journey(tactful: Tactful) -> None:
    tactful.take(list(regular("ann")))

    async def both() -> None:
        await asyncio.gather(*(tactful.decide("ann", trigger=f"t{n}") for n in range(5)))

    asyncio.run(both())
    assert len(chapters(tactful)) == 1
    assert len(chapters(tactful)[0].journey.tried) == 1


def test_silence_wakes_the_journey_and_something_else_is_tried_or_nothing(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    for _ in range(40):
        tactful.dispatch()
        clock.at += 12 * HOUR
    (first, *others) = chapters(tactful)
    assert first.exit is Exit.EXPIRED
    tried = [(touch.action, touch.channel) for touch in first.journey.tried]
    assert len(set(tried)) == len(tried) <= 3
    with database_of(tactful).reading() as connection:
        outcomes = set(connection.execute(select(t.outcomes.c.kind)).scalars())
    assert outcomes == {"ignored"}
    assert timers(tactful, TimerKind.FOLLOW_UP)["armed"] == sum(chapter.exit is None for chapter in others)
    assert max(sink.book.values()) == 1


@pytest.mark.parametrize("how", ["event", "invoice"])
def test_a_purchase_between_two_touches_cancels_the_rest(tactful: Tactful, sink: Sink, how: str) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    bought = NOON + timedelta(minutes=1)
    tactful.take([event("ann", "purchased", bought, "o-2") if how == "event" else order("ann", "o-2", bought)])
    (chapter,) = chapters(tactful)
    assert chapter.exit is Exit.CONVERTED
    tactful.dispatch()
    assert not sink.book
    assert timers(tactful, TimerKind.FOLLOW_UP) == {"cancelled": 1}


def test_a_purchase_of_before_the_journey_ends_nothing(tactful: Tactful) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    tactful.take([order("ann", "o-0", NOON - 200 * DAY)])
    assert chapters(tactful)[0].exit is None


def test_a_refusal_on_any_channel_ends_it(tactful: Tactful) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    tactful.take([consent("ann", Purpose.AD_SENDING, Channel.SMS, ConsentStatus.WITHDRAWN, NOON)])
    assert chapters(tactful)[0].exit is Exit.OPTED_OUT


def test_a_complaint_ends_it_and_the_case_begins_its_own(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    tactful.take([event("ann", "case_opened", NOON, "case-1")])
    assert chapters(tactful)[0].exit is Exit.COMPLAINED
    clock.at += HOUR
    assert decide(tactful) == "apologise"
    assert chapters(tactful)[-1].journey.goal is Goal.COMPLAINT_SOLVED
    tactful.take([event("ann", "case_closed", clock.at, "case-1")])
    assert chapters(tactful)[-1].exit is Exit.CONVERTED


@pytest.mark.parametrize(
    ("kind", "exit_"),
    [("converted", Exit.CONVERTED), ("declined", Exit.DECLINED), ("complained", Exit.COMPLAINED), ("viewed", None)],
)
def test_an_outcome_ends_the_journey_it_belongs_to(tactful: Tactful, kind: str, exit_: Exit | None) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    (effect,) = tactful.effects(tactful.decision("ann"))
    tactful.sending.drain()
    assert tactful.outcome(effect.effect_id, kind)
    assert not tactful.outcome(effect.effect_id, kind)
    assert chapters(tactful)[0].exit is exit_


def test_who_converted_has_bought_and_is_offered_nothing_more(tactful: Tactful, clock: StoppedClock) -> None:
    filling = event("ann", "cart_updated", NOON - HOUR, "cart-1", value=90, currency="GBP")
    tactful.take([*regular("ann"), filling])
    assert decide(tactful) in ("remind_cart", "offer_coupon")
    (effect,) = tactful.effects(tactful.decision("ann"))
    clock.at = NOON + 12 * HOUR
    tactful.sending.drain()
    assert tactful.outcome(effect.effect_id, "converted", Money(Decimal(90), "GBP"))
    clock.at += HOUR
    assert decide(tactful) == "hold"


def test_a_touch_that_waits_for_its_hour_is_part_of_its_journey_from_now_on(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    clock.at = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)  # 22:30 in Seoul
    agreed = [consent("seo", p, None) for p in (Purpose.PROFILING, Purpose.MARKETING_PROCESSING)]
    filling = event("seo", "cart_updated", clock.at - HOUR, "cart-1", value=90, currency="GBP")
    tactful.take([seoul(), *agreed, consent("seo", Purpose.AD_SENDING, Channel.SMS), filling])
    assert decide(tactful, "seo") in ("remind_cart", "offer_coupon")
    tactful.consents.record("seo", ConsentStatus.GRANTED, FORM[:1], "web")
    clock.at += timedelta(minutes=5)
    assert decide(tactful, "seo") == "hold"
    assert len(chapters(tactful, "seo")) == 1
    tactful.take([event("seo", "purchased", clock.at, "o-9")])
    clock.at += 12 * HOUR
    tactful.sending.drain()
    assert not sink.book
    assert chapters(tactful, "seo")[0].exit is Exit.CONVERTED


def test_unsubscribing_is_a_withdrawal_and_a_bounce_closes_the_address(tactful: Tactful) -> None:
    tactful.take([*regular("ann"), *regular("ben")])
    for name, kind in (("ann", "unsubscribed"), ("ben", "bounced")):
        decide(tactful, name)
        (effect,) = tactful.effects(tactful.decision(name))
        tactful.sending.drain()
        tactful.outcome(effect.effect_id[:9], kind)
    assert tactful.consents.history("ann")[-1].consent.status is ConsentStatus.WITHDRAWN
    assert chapters(tactful)[0].exit is Exit.OPTED_OUT
    (ben,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ben")], NOON)
    assert [r.listed for r in ben.reach if r.channel is Channel.EMAIL] == [True]


def test_a_cart_that_is_still_being_filled_is_waited_for_unless_it_is_bought(
    tactful: Tactful, clock: StoppedClock
) -> None:
    for name in ("ann", "ben"):
        filling = event(name, "cart_updated", NOON - timedelta(minutes=5), f"cart-{name}", value=90)
        agreed = [consent(name, Purpose.PROFILING, None), consent(name, Purpose.AD_SENDING, Channel.PUSH)]
        tactful.take([person(name), *agreed, filling])
        assert decide(tactful, name) == "hold"
    assert timers(tactful, TimerKind.WAIT) == {"armed": 2}
    tactful.take([event("ann", "purchased", NOON, "o-5")])
    assert timers(tactful, TimerKind.WAIT) == {"armed": 1, "cancelled": 1}
    clock.at += HOUR
    tactful.wake()
    assert timers(tactful, TimerKind.WAIT) == {"done": 1, "cancelled": 1}


def seoul(**more: Any) -> Row:
    return replace(person("seo", country="KR", zone="Asia/Seoul"), locale="ko", **more)


FORM = [(Purpose.AD_SENDING, Channel.EMAIL), (Purpose.AD_SENDING, Channel.SMS), (Purpose.MARKETING_PROCESSING, None)]


def test_the_results_of_a_form_are_told_in_one_message_by_the_day_that_the_law_sets(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    left: list[Claim] = []
    sink.answer = lambda claim: left.append(claim) or Sent()  # type: ignore[func-returns-value]
    tactful.take([seoul()])
    tactful.consents.record("seo", ConsentStatus.GRANTED, FORM, "web")
    tactful.dispatch()
    assert not left
    for day in range(2, 20):
        clock.at = NOON + day * DAY
        tactful.dispatch()
    (claim,) = left
    assert claim.effect.action == "confirm_choice"
    assert "이메일, 문자" in claim.envelope.body
    assert timers(tactful, TimerKind.RESULT_NOTICE) == {"done": 3}


def test_a_consent_that_was_told_again_holds_for_two_more_years(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    tactful.take([seoul(), replace(consent("seo", Purpose.AD_SENDING, Channel.EMAIL), key="k")])
    (due,) = [t.due_at for t in tactful.consents.duties("seo") if t.kind is TimerKind.RECONFIRM]
    clock.at = due - 20 * DAY
    tactful.dispatch()
    assert len(sink.book) == 1
    (old, new) = [r.consent for r in tactful.consents.history("seo")]
    assert (new.status, new.channel, new.given_at) == (ConsentStatus.RECONFIRMED, old.channel, clock.at)
    assert timers(tactful, TimerKind.RECONFIRM) == {"done": 1, "armed": 1}


def test_a_notice_that_does_not_leave_is_a_persons_to_give(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    sink.answer = lambda claim: Refused(reason="550")
    tactful.take([seoul()])
    tactful.consents.record("seo", ConsentStatus.GRANTED, FORM[:1], "web")
    clock.at = NOON + 2 * DAY
    tactful.dispatch()
    (missed,) = tactful.consents.missed()
    assert (missed.kind, missed.customer) == (TimerKind.RESULT_NOTICE, tactful.find("seo"))
    tactful.erase(tactful.find("seo"))
    assert tactful.consents.missed() == []


def test_a_duty_that_cannot_be_seen_to_is_put_off_and_at_the_last_counted_as_missed(
    tactful: Tactful, clock: StoppedClock
) -> None:
    tactful.take([seoul(addresses={})])
    tactful.consents.record("seo", ConsentStatus.GRANTED, FORM[:1], "web")
    clock.at = NOON + 2 * DAY
    assert tactful.wake().counts["duties put off"] == 1
    assert timers(tactful, TimerKind.RESULT_NOTICE) == {"armed": 1}
    assert not tactful.wake().total
    for _ in range(60):
        clock.at += timedelta(hours=7)
        tactful.wake()
    assert timers(tactful, TimerKind.RESULT_NOTICE) == {"missed": 1}
    assert len(tactful.consents.missed()) == 1


def test_a_timer_that_fires_twice_is_decided_once(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    clock.at += 3 * DAY
    waking = tactful._waking
    timers_ = waking.timers
    done = timers_.done
    timers_.done = lambda *_: 0  # type: ignore[method-assign]
    waking.fire()
    timers_.done = done  # type: ignore[method-assign]
    clock.at += timedelta(minutes=6)
    before = len(list(tactful.decisions()))
    tactful.wake()
    assert len(list(tactful.decisions())) == before


def test_a_lease_on_timers_keeps_others_away_until_it_ends(tactful: Tactful, clock: StoppedClock) -> None:
    tactful.take(list(regular("ann")))
    decide(tactful)
    at = NOON + 3 * DAY
    mine = tactful.consents.timers.claim(tactful.tenant, at, 10, "me", at + HOUR)
    assert len(mine) == 1
    assert tactful.consents.timers.claim(tactful.tenant, at, 10, "you", at + HOUR) == []
    later = at + 2 * HOUR
    assert len(tactful.consents.timers.claim(tactful.tenant, later, 10, "you", later + HOUR)) == 1
    assert tactful.consents.timers.done(tactful.tenant, mine, "me") == 0
