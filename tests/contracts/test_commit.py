"""The Commit port: a bundle is written whole or not at all, on SQLite and on Postgres."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agent.domain.action import HoldReason
from agent.domain.bundle import Bundle, Committed, Conflict, EffectState, Exhausted, Reservation
from agent.domain.customer import Channel, ConsentStatus, Purpose
from agent.domain.ids import DecisionId, EffectId, TriggerKey, digest
from agent.domain.money import Money
from agent.graph.bulk import bundles_of
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import product, regular
from tests.support.people import NOON


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    found = product(tmp_path, database, clock, ids)
    for name in NAMES:
        found.take(list(regular(name)))
    return found


NAMES = [f"n{number}" for number in range(8)]


def bundle_for(tactful: Tactful, name: str, trigger: str = "t1") -> Bundle:
    """What the engine would commit for a customer now."""
    env = tactful.deciding.env
    (snapshot,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find(name)], NOON)
    (bundle,) = bundles_of(env, [snapshot], {snapshot.customer: TriggerKey(trigger)}, NOON)
    assert bundle is not None
    return bundle


def acting(tactful: Tactful) -> Bundle:
    """The bundle of a customer who is not held out and gets an offer."""
    return next(b for b in (bundle_for(tactful, name) for name in NAMES) if b.effects)


def renamed(bundle: Bundle, trigger: str) -> Bundle:
    """The same bundle under another trigger, with effects of its own."""
    name = DecisionId("d_" + digest(trigger))
    effects = tuple(
        replace(e, effect_id=EffectId("e_" + digest(trigger, e.effect_id)), key=digest(trigger, e.key), decision=name)
        for e in bundle.effects
    )
    decision = replace(
        bundle.decision, decision_id=name, trigger=TriggerKey(trigger), effects=tuple(e.effect_id for e in effects)
    )
    return replace(bundle, decision=decision, effects=effects)


def rows(database: Database, table: str) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(t.metadata.tables[table])).scalar_one())


def test_a_bundle_writes_decision_inputs_effect_contact_and_audit_together(
    tactful: Tactful, database: Database
) -> None:
    bundle = acting(tactful)
    audited = rows(database, "audit")
    (outcome,) = tactful.stores.commit.commit([bundle])
    assert isinstance(outcome, Committed)
    assert not outcome.repeated
    assert [rows(database, name) for name in ("decisions", "effects", "contacts")] == [1, 1, 1]
    assert rows(database, "inputs") == 2
    assert rows(database, "audit") == audited + 1


def test_the_same_trigger_gives_the_recorded_decision_and_writes_nothing(tactful: Tactful, database: Database) -> None:
    bundle = acting(tactful)
    tactful.stores.commit.commit([bundle])
    other = replace(bundle, decision=replace(bundle.decision, cause="another run"))
    (outcome,) = tactful.stores.commit.commit([other])
    assert isinstance(outcome, Committed)
    assert outcome.repeated
    assert outcome.decision.cause == ""
    assert rows(database, "decisions") == 1


def test_a_withdrawal_between_snapshot_and_commit_is_a_conflict_and_nothing_is_written(
    tactful: Tactful, database: Database
) -> None:
    bundle = acting(tactful)
    name = next(n for n in NAMES if tactful.find(n) == bundle.decision.customer)
    tactful.consents.record(name, ConsentStatus.WITHDRAWN, [(Purpose.AD_SENDING, Channel.EMAIL)], "test")
    (outcome,) = tactful.stores.commit.commit([bundle])
    assert isinstance(outcome, Conflict)
    assert [rows(database, name) for name in ("decisions", "effects", "contacts", "inputs")] == [0, 0, 0, 0]


def test_an_effect_moves_the_version_and_a_hold_does_not(tactful: Tactful) -> None:
    bundle = acting(tactful)
    tactful.stores.commit.commit([bundle])
    (after,) = tactful.stores.snapshots.snapshots(tactful.tenant, [bundle.decision.customer], NOON)
    assert after.version == (bundle.version or 0) + 1
    assert after.ordinal == 1
    held = replace(
        renamed(bundle, "hold"),
        effects=(),
        version=after.version,
        decision=replace(renamed(bundle, "hold").decision, chosen=None, effects=()),
    )
    tactful.stores.commit.commit([held])
    (last,) = tactful.stores.snapshots.snapshots(tactful.tenant, [bundle.decision.customer], NOON)
    assert last.version == after.version
    assert last.ordinal == 2


def test_two_bundles_on_one_version_in_one_batch_do_not_both_win(tactful: Tactful) -> None:
    bundle = acting(tactful)
    first, second = tactful.stores.commit.commit([bundle, renamed(bundle, "t2")])
    assert isinstance(first, Committed)
    assert isinstance(second, Conflict)


def test_an_effect_key_is_used_once(tactful: Tactful) -> None:
    bundle = acting(tactful)
    tactful.stores.commit.commit([bundle])
    again = renamed(bundle, "t2")
    again = replace(
        again,
        version=(bundle.version or 0) + 1,
        effects=tuple(replace(e, key=bundle.effects[0].key) for e in again.effects),
    )
    (outcome,) = tactful.stores.commit.commit([again])
    assert outcome == Exhausted(customer=bundle.decision.customer, resource="effect")


def test_a_slot_is_given_once(tactful: Tactful) -> None:
    bundle = replace(acting(tactful), reservations=(Reservation(kind="slot", resource="Maya@noon"),))
    other = next(
        b
        for b in (bundle_for(tactful, n) for n in NAMES)
        if b.effects and b.decision.customer != bundle.decision.customer
    )
    rival = replace(other, reservations=bundle.reservations)
    first, second = tactful.stores.commit.commit([bundle, rival])
    assert isinstance(first, Committed)
    assert second == Exhausted(customer=rival.decision.customer, resource="Maya@noon")


def coupon(budget: int, share: int = 1) -> Reservation:
    return Reservation(
        kind="coupon",
        resource="spring",
        amount=Money(Decimal(8), "GBP"),
        budget=Money(Decimal(budget), "GBP"),
        share=share,
        slot="coupon.code",
    )


def test_coupons_stop_at_the_budget_under_many_threads(tactful: Tactful, database: Database) -> None:
    acting_ones = [b for b in (bundle_for(tactful, n) for n in NAMES) if b.effects]
    assert len(acting_ones) >= 5
    ready = [replace(b, reservations=(coupon(budget=8 * 3),)) for b in acting_ones]
    with ThreadPoolExecutor(8) as pool:
        outcomes = [o for (o,) in pool.map(lambda b: tactful.stores.commit.commit([b]), ready)]
    assert sum(isinstance(o, Committed) for o in outcomes) == 3
    assert {o.resource for o in outcomes if isinstance(o, Exhausted)} == {"spring"}
    assert rows(database, "coupons") == 3
    with database.reading() as connection:
        assert connection.execute(select(t.campaigns.c.spent_micros)).scalar_one() == 24_000_000


def test_a_customer_gets_no_more_than_the_share(tactful: Tactful) -> None:
    bundle = replace(acting(tactful), reservations=(coupon(budget=800),))
    tactful.stores.commit.commit([bundle])
    again = replace(renamed(bundle, "t2"), version=(bundle.version or 0) + 1)
    (outcome,) = tactful.stores.commit.commit([again])
    assert isinstance(outcome, Exhausted)


def test_a_decision_with_an_effect_races_to_one_winner(tactful: Tactful) -> None:
    bundle = acting(tactful)
    rivals = [renamed(bundle, f"r{n}") for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        outcomes = [o for (o,) in pool.map(lambda b: tactful.stores.commit.commit([b]), rivals)]
    assert sum(isinstance(o, Committed) for o in outcomes) == 1
    assert sum(isinstance(o, Conflict) for o in outcomes) == 11


def test_giving_up_records_a_hold_whatever_has_moved(tactful: Tactful) -> None:
    bundle = replace(acting(tactful), version=None, effects=(), reservations=())
    bundle = replace(
        bundle,
        decision=replace(
            bundle.decision, chosen=None, effects=(), hold=replace(bundle.decision.hold, reason=HoldReason.CONFLICT)
        ),
    )
    (outcome,) = tactful.stores.commit.commit([bundle])
    assert isinstance(outcome, Committed)


def test_every_graph_decision_survives_a_consent_that_flickers(
    tactful: Tactful, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fact that moves at every commit ends in a recorded hold for conflict, with nothing done."""
    name = next(n for n in NAMES if tactful.find(n) == acting(tactful).decision.customer)
    real = tactful.stores.commit.commit

    def flicker(bundles: list[Bundle]) -> object:
        if bundles[0].version is not None:
            tactful.consents.record(name, ConsentStatus.GRANTED, [(Purpose.LOCATION, None)], "test")
            clock = tactful._clock
            assert isinstance(clock, StoppedClock)
            clock.at += timedelta(seconds=1)
        return real(bundles)

    monkeypatch.setattr(type(tactful.stores.commit), "commit", lambda self, bundles: flicker(bundles))
    decision = asyncio.run(tactful.decide(name, trigger="flicker", as_of=NOON))
    assert decision.hold.reason is HoldReason.CONFLICT
    assert decision.effects == ()


def test_a_decision_about_another_time_is_recorded_and_uses_nothing_up(tactful: Tactful, database: Database) -> None:
    """A look back as of the past must neither send anything nor stand in the way of today."""
    name = next(n for n in NAMES if tactful.find(n) == acting(tactful).decision.customer)
    past = asyncio.run(tactful.decide(name, as_of=NOON - timedelta(days=2)))
    (effect,) = tactful.effects(past)
    assert effect.state is EffectState.EXPIRED
    assert tactful.is_expired(effect)
    assert [rows(database, name_) for name_ in ("contacts", "reservations", "coupons", "slots")] == [0, 0, 0, 0]
    ahead = asyncio.run(tactful.decide(name, as_of=NOON + timedelta(days=2)))
    assert all(e.state is EffectState.EXPIRED for e in tactful.effects(ahead))
    today = asyncio.run(tactful.decide(name, as_of=NOON))
    (live,) = tactful.effects(today)
    assert live.state is EffectState.PENDING


def test_a_consent_withdrawn_today_cannot_be_dodged_by_deciding_as_of_yesterday(tactful: Tactful) -> None:
    name = next(n for n in NAMES if tactful.find(n) == acting(tactful).decision.customer)
    tactful.consents.record(name, ConsentStatus.WITHDRAWN, [(Purpose.AD_SENDING, Channel.EMAIL)], "test")
    dodged = asyncio.run(tactful.decide(name, as_of=NOON - timedelta(hours=1)))
    assert all(e.state is EffectState.EXPIRED for e in tactful.effects(dodged))


def test_the_same_trigger_at_once_gives_one_decision_to_all(tactful: Tactful) -> None:
    bundle = acting(tactful)
    with ThreadPoolExecutor(6) as pool:
        outcomes = [o for (o,) in pool.map(lambda _: tactful.stores.commit.commit([bundle]), range(18))]
    assert all(isinstance(o, Committed) for o in outcomes)
    assert sum(not o.repeated for o in outcomes if isinstance(o, Committed)) == 1


def test_when_the_second_of_two_resources_is_gone_the_first_is_given_back(tactful: Tactful, database: Database) -> None:
    taken = replace(acting(tactful), reservations=(Reservation(kind="slot", resource="Maya@noon"),))
    tactful.stores.commit.commit([taken])
    other = next(
        b
        for b in (bundle_for(tactful, n) for n in NAMES)
        if b.effects and b.decision.customer != taken.decision.customer
    )
    both = replace(other, reservations=(coupon(budget=800), *taken.reservations))
    (outcome,) = tactful.stores.commit.commit([both])
    assert isinstance(outcome, Exhausted)
    assert rows(database, "coupons") == 0
    assert rows(database, "campaigns") == 0


def test_a_coupon_code_that_is_taken_makes_way_for_another(tactful: Tactful, database: Database) -> None:
    acting_ones = [b for b in (bundle_for(tactful, n) for n in NAMES) if b.effects]
    first = replace(acting_ones[0], reservations=(coupon(budget=800),))
    tactful.stores.commit.commit([first])
    with database.writing() as connection:
        connection.execute(t.campaigns.update().values(given=0))
    second = replace(acting_ones[1], reservations=(coupon(budget=800),))
    assert isinstance(tactful.stores.commit.commit([second])[0], Committed)
    assert rows(database, "coupons") == 2
