"""The outbox on both stores: what is due leaves once, judged once more; what may have arrived never goes twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from agent.domain.customer import Channel, ConsentStatus, Purpose
from agent.domain.delivery import TRIES, Abilities, Claim, Refused, Result, Sent, Unknown
from agent.domain.errors import InputError
from agent.domain.ids import EffectId
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import consent, database_of, event, order, person, regular
from tests.support.people import NOON
from tests.support.sending import ALL, Sink, house

DAY = timedelta(days=1)
ADS = [(Purpose.AD_SENDING, Channel.EMAIL)]


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds, sink: Sink) -> Tactful:
    return house(tmp_path, database, clock, ids, [(sink, ALL)])


def decided(tactful: Tactful, *names: str) -> None:
    """Each of these customers gets an e-mail that recommends the lamp."""
    for name in names:
        tactful.take(list(regular(name)))
    assert all(len(found.effects) == 1 for found in tactful.decide_all())


def effects(tactful: Tactful) -> Counter[str]:
    with database_of(tactful).reading() as connection:
        return Counter(connection.execute(select(t.effects.c.state)).scalars())


def states(tactful: Tactful, table: str) -> Counter[str]:
    with database_of(tactful).reading() as connection:
        return Counter(connection.execute(select(t.metadata.tables[table].c.state)).scalars())


def one(tactful: Tactful) -> EffectId:
    with database_of(tactful).reading() as connection:
        return EffectId(connection.execute(select(t.effects.c.effect)).scalar_one())


def test_what_is_due_leaves_once(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, *(f"n{n}" for n in range(20)))
    assert tactful.sending.drain().counts == {"sent": 20}
    assert not tactful.sending.drain().total
    assert sorted(sink.book.values()) == [1] * 20
    assert effects(tactful) == {"sent": 20}
    assert states(tactful, "contacts") == {"sent": 20}


def test_the_bytes_that_leave_carry_name_way_out_and_address(tactful: Tactful, sink: Sink) -> None:
    seen: list[Claim] = []
    sink.answer = lambda claim: seen.append(claim) or Sent()  # type: ignore[func-returns-value]
    decided(tactful, "ann")
    tactful.sending.drain()
    (claim,) = seen
    assert claim.address == "ann@mail.example"
    assert "Ann" in claim.envelope.body
    assert claim.envelope.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = claim.envelope.headers["List-Unsubscribe"].rpartition("/")[2].rstrip(">")
    assert tactful.consents.unsubscribe("POST", token, {"List-Unsubscribe": "One-Click"})


def test_a_refusal_before_the_claim_stops_it_and_gives_everything_back(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann")
    tactful.consents.record("ann", ConsentStatus.WITHDRAWN, ADS, "call")
    tactful.sending.drain()
    assert not sink.book
    assert effects(tactful) == {"cancelled": 1}
    assert states(tactful, "contacts") == {"released": 1}
    assert states(tactful, "journeys") == {"ended": 1}


def test_a_refusal_between_claim_and_hand_over_still_stops_it(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann")
    dispatcher = tactful.sending.dispatcher()
    begin = dispatcher._outbox.begin

    def refused_first(claims: Sequence[Claim]) -> list[Claim]:
        if claims:
            tactful.consents.record("ann", ConsentStatus.WITHDRAWN, ADS, "call")
        return begin(claims)

    dispatcher._outbox.begin = refused_first  # type: ignore[method-assign]
    dispatcher.drain()
    assert not sink.book
    assert effects(tactful) == {"cancelled": 1}


def test_a_refusal_during_the_hand_over_is_told_that_one_is_under_way(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann")
    told: list[int] = []

    def refuses_meanwhile(claim: Claim) -> Sent:
        receipts = tactful.consents.record("ann", ConsentStatus.WITHDRAWN, ADS, "call")
        told.append(receipts[0].handed_over)
        sink.take(claim)
        return Sent()

    sink.answer = refuses_meanwhile
    tactful.sending.drain()
    assert told == [1]
    assert effects(tactful) == {"sent": 1}


def test_a_purchase_before_the_claim_stops_it(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann")
    tactful.take([event("ann", "purchased", NOON + timedelta(minutes=1), "o-9")])
    tactful.sending.drain()
    assert not sink.book
    assert effects(tactful) == {"cancelled": 1}
    assert states(tactful, "timers") == {"cancelled": 1}


def test_in_quiet_hours_it_waits_for_the_next_lawful_minute(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    day = NOON.replace(hour=14)
    clock.at = day
    allowed = [consent("ann", purpose, None) for purpose in (Purpose.PROFILING, Purpose.MARKETING_PROCESSING)]
    text = consent("ann", Purpose.AD_SENDING, Channel.SMS)
    tactful.take([person("ann"), *allowed, text, order("ann", "o-1", NOON - 60 * DAY)])
    (found,) = tactful.decide_all()
    assert found.chosen is not None
    assert found.chosen.channel is Channel.SMS
    clock.at = day.replace(hour=23, minute=30)
    assert tactful.sending.drain().counts == {"deferred": 1}
    assert not sink.book
    clock.at = day.replace(hour=11) + DAY
    assert tactful.sending.drain().counts == {"sent": 1}


def test_what_is_over_is_never_sent(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    decided(tactful, "ann")
    clock.at = NOON + 20 * DAY
    assert tactful.sending.drain().counts == {"expired": 1}
    assert not sink.book


def test_after_a_pause_nothing_is_claimed_until_it_is_resumed(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann")
    assert tactful.sending.pause("Kim")
    assert not tactful.sending.pause("Kim")
    assert not tactful.sending.drain().total
    assert tactful.sending.resume("Kim")
    assert tactful.sending.drain().counts == {"sent": 1}


def test_a_pause_of_all_tenants_holds_for_this_one(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann")
    tactful.sending.pause("Kim", everyone=True)
    assert not tactful.sending.drain().total
    tactful.sending.resume("Kim", everyone=True)
    assert tactful.sending.drain().total


def test_a_refused_connection_is_tried_again_later_and_in_the_end_given_up(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    decided(tactful, "ann")
    tries: list[str] = []

    def refuses(claim: Claim) -> Refused:
        tries.append(claim.key)
        return Refused(reason="no connection", temporary=True)

    sink.answer = refuses
    for _ in range(400):
        tactful.sending.drain()
        clock.at += timedelta(minutes=20)
    assert 5 <= len(tries) <= len(TRIES)
    assert len(set(tries)) == 1
    assert set(effects(tactful)) <= {"dead", "expired"}
    assert states(tactful, "contacts") == {"released": 1}


def test_an_address_that_is_refused_for_good_is_not_tried_again(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann")
    sink.answer = lambda claim: Refused(reason="550")
    assert tactful.sending.drain().counts == {"refused": 1}
    assert states(tactful, "contacts") == {"released": 1}


def test_without_keys_and_questions_what_is_unknown_goes_to_a_person(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    decided(tactful, "ann")
    sink.answer = lambda claim: sink.take(claim) or Unknown(reason="no answer")  # type: ignore[func-returns-value]
    tactful.sending.drain()
    for _ in range(50):
        clock.at += timedelta(hours=1)
        tactful.sending.drain()
    assert sink.book == {one_key(tactful): 1}
    (found,) = tactful.sending.unknown()
    assert found.reason == "no answer"
    assert states(tactful, "contacts") == {"reserved": 1}
    tactful.sending.resolve(found.effect_id, arrived=True, by="Kim")
    assert effects(tactful) == {"sent": 1}
    with pytest.raises(InputError, match="not unknown"):
        tactful.sending.resolve(found.effect_id, arrived=True, by="Kim")


def one_key(tactful: Tactful) -> str:
    with database_of(tactful).reading() as connection:
        return str(connection.execute(select(t.effects.c.key)).scalar_one())


def test_where_keys_are_honoured_it_is_tried_again_with_the_same_key(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    sink.abilities = replace(sink.abilities, honours_keys=True)
    decided(tactful, "ann")
    answers: Iterator[Result] = iter([Unknown(reason="no answer"), Unknown(reason="500"), Sent(receipt="r-1")])

    def says(claim: Claim) -> Result:
        sink.take(claim)
        return next(answers)

    sink.answer = says
    for _ in range(10):
        tactful.sending.drain()
        clock.at += timedelta(minutes=10)
    assert list(sink.book.values()) == [1]
    assert effects(tactful) == {"sent": 1}


@pytest.mark.parametrize("arrived", [True, False])
def test_where_it_can_be_asked_it_is_asked_before_anything_is_repeated(
    tactful: Tactful, sink: Sink, clock: StoppedClock, arrived: bool
) -> None:
    sink.abilities = Abilities(name="sink", can_look_up=True)
    decided(tactful, "ann")

    def once(claim: Claim) -> Unknown:
        sink.answer = None
        if arrived:
            sink.take(claim)
        return Unknown(reason="no answer")

    sink.answer = once
    for _ in range(4):
        tactful.sending.drain()
        clock.at += timedelta(minutes=2)
    assert list(sink.book.values()) == [1]
    assert effects(tactful) == {"sent": 1}


def test_a_provider_that_never_tells_is_asked_for_a_quarter_of_an_hour_then_a_person(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    sink.abilities = Abilities(name="sink", can_look_up=True)
    sink.answer = lambda claim: Unknown(reason="no answer")
    asked: list[str] = []
    sink.look_up = lambda key: asked.append(key) or None  # type: ignore[func-returns-value, method-assign]
    decided(tactful, "ann")
    for _ in range(30):
        tactful.sending.drain()
        clock.at += timedelta(minutes=1)
    assert 3 <= len(asked) <= 6
    assert len(tactful.sending.unknown()) == 1


def test_a_worker_that_died_before_the_hand_over_is_replaced(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    decided(tactful, "ann")
    dispatcher = tactful.sending.dispatcher()
    dispatcher._outbox.begin = lambda claims: []  # type: ignore[method-assign]
    dispatcher.sweep()
    assert effects(tactful) == {"claimed": 1}
    assert not tactful.sending.drain().total
    clock.at += timedelta(minutes=2)
    tactful.sending.drain()
    assert list(sink.book.values()) == [1]


def test_a_worker_that_died_in_the_middle_leaves_something_unknown(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    decided(tactful, "ann")
    dispatcher = tactful.sending.dispatcher()
    dispatcher._results.finish = lambda *_: []  # type: ignore[method-assign]
    dispatcher.sweep()
    clock.at += timedelta(minutes=2)
    tactful.sending.drain()
    assert list(sink.book.values()) == [1]
    assert [found.reason for found in tactful.sending.unknown()] == ["the dispatcher stopped in the middle"]


def test_a_worker_that_slept_past_its_lease_hands_nothing_over(
    tactful: Tactful, sink: Sink, clock: StoppedClock
) -> None:
    decided(tactful, "ann")
    dispatcher = tactful.sending.dispatcher()
    begin = dispatcher._outbox.begin

    def slept(claims: Sequence[Claim]) -> list[Claim]:
        clock.at += timedelta(minutes=5)
        return begin(claims)

    dispatcher._outbox.begin = slept  # type: ignore[method-assign]
    dispatcher.sweep()
    assert not sink.book


def test_a_providers_own_fault_counts_as_unknown(tactful: Tactful, sink: Sink) -> None:
    def breaks(claim: Claim) -> Sent:
        raise RuntimeError("canary@mail.example")

    sink.answer = breaks
    decided(tactful, "ann")
    tactful.sending.drain()
    (found,) = tactful.sending.unknown()
    assert found.reason == "the provider's code failed (RuntimeError)"


def test_only_so_many_leave_in_a_second_also_after_an_outage(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    sink.abilities = replace(sink.abilities, per_second=5.0)
    decided(tactful, *(f"n{n}" for n in range(30)))
    dispatcher = tactful.sending.dispatcher()
    clock.at += timedelta(hours=1)
    for second in range(1, 4):
        for _ in range(10):
            dispatcher.sweep()
        assert len(sink.book) == 5 * second
        clock.at += timedelta(seconds=1)


def test_two_workers_side_by_side_send_nothing_twice(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, *(f"n{n}" for n in range(40)))
    workers = [threading.Thread(target=tactful.sending.dispatcher().drain) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tactful.sending.drain()
    assert sorted(sink.book.values()) == [1] * 40


def test_what_cannot_be_read_is_parked_and_holds_nobody_up(tactful: Tactful, sink: Sink) -> None:
    decided(tactful, "ann", "ben")
    poisoned = tactful.effects(tactful.decision("ann"))[0].effect_id
    with database_of(tactful).writing() as connection:
        connection.execute(update(t.effects).where(t.effects.c.effect == poisoned).values(kind="magic"))
    assert tactful.sending.drain().counts == {"sent": 1, "blocked": 1}
    with database_of(tactful).reading() as connection:
        row = connection.execute(select(t.effects).where(t.effects.c.effect == poisoned)).one()
    assert (row.state, row.detail) == ("blocked", "cannot be judged (ValueError)")
    assert states(tactful, "contacts") == {"sent": 1, "released": 1}


def test_nothing_leaves_while_the_ledger_cannot_be_written(tactful: Tactful, sink: Sink, database: Database) -> None:
    decided(tactful, "ann")
    dispatcher = tactful.sending.dispatcher()

    def full(claims: Sequence[Claim]) -> list[Claim]:
        raise InputError("the disk is full")

    dispatcher._outbox.begin = full  # type: ignore[method-assign]
    with pytest.raises(InputError):
        dispatcher.sweep()
    assert not sink.book


def test_what_was_changed_after_its_approval_is_never_sent(
    tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds, sink: Sink
) -> None:
    reviewed = ("# review: [book_demo]", "review: [recommend_product]  #")
    tactful = house(tmp_path, database, clock, ids, [(sink, ALL)], reviewed)
    decided(tactful, "ann")
    (asked,) = tactful.sending.requests()
    tactful.sending.answer(asked.effect.effect_id, asked.hash, True, "Kim")
    with database.writing() as connection:
        connection.execute(update(t.effects).values(entity="vase"))
    tactful.sending.drain()
    assert not sink.book
    assert effects(tactful) == {"blocked": 1}
    with database.reading() as connection:
        assert connection.execute(select(t.effects.c.detail)).scalar_one() == "changed after it was approved"
