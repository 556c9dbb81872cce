"""Approvals on both stores: one person, once, in time, for exactly the bytes that were shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from agent.domain.errors import InputError, NotFound
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import database_of, regular
from tests.support.sending import ALL, Sink, house


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds, sink: Sink) -> Tactful:
    reviewed = ("# review: [book_demo]", "review: [recommend_product]  #")
    made = house(tmp_path, database, clock, ids, [(sink, ALL)], reviewed)
    made.take(list(regular("ann")))
    assert len(list(made.decide_all())) == 1
    return made


def state(tactful: Tactful) -> str:
    with database_of(tactful).reading() as connection:
        return str(connection.execute(select(t.effects.c.state)).scalar_one())


def test_what_is_reviewed_waits_and_is_not_sent(tactful: Tactful, sink: Sink) -> None:
    tactful.sending.drain()
    assert not sink.book
    assert [request.state for request in tactful.sending.requests()] == ["open"]


def test_a_yes_lets_exactly_this_go_once(tactful: Tactful, sink: Sink) -> None:
    (asked,) = tactful.sending.requests()
    done = tactful.sending.answer(asked.effect.effect_id[:12], asked.hash[:12], True, "Kim")
    assert (done.state, done.by) == ("approved", "Kim")
    tactful.sending.drain()
    assert list(sink.book.values()) == [1]
    for yes in (True, False):
        with pytest.raises(InputError, match="answered already"):
            tactful.sending.answer(asked.effect.effect_id, asked.hash, yes, "Lee")


def test_a_no_gives_back_what_was_reserved(tactful: Tactful, sink: Sink) -> None:
    (asked,) = tactful.sending.requests()
    tactful.sending.answer(asked.effect.effect_id, asked.hash, False, "Kim")
    tactful.sending.drain()
    assert not sink.book
    assert state(tactful) == "cancelled"
    with database_of(tactful).reading() as connection:
        assert connection.execute(select(t.contacts.c.state)).scalar_one() == "released"


@pytest.mark.parametrize("seen", ["", "0" * 20, "short"])
def test_another_hash_than_the_one_shown_is_refused(tactful: Tactful, seen: str) -> None:
    (asked,) = tactful.sending.requests()
    with pytest.raises(InputError, match="not what was shown"):
        tactful.sending.answer(asked.effect.effect_id, seen, True, "Kim")
    assert state(tactful) == "held"


def test_what_was_changed_since_it_was_shown_cannot_be_approved(tactful: Tactful, database: Database) -> None:
    (asked,) = tactful.sending.requests()
    with database.writing() as connection:
        connection.execute(update(t.effects).values(entity="vase"))
    with pytest.raises(InputError, match="not what was shown"):
        tactful.sending.answer(asked.effect.effect_id, asked.hash, True, "Kim")


def test_nobody_approves_what_has_expired(tactful: Tactful, sink: Sink, clock: StoppedClock) -> None:
    (asked,) = tactful.sending.requests()
    clock.at += timedelta(days=10)
    with pytest.raises(InputError, match="too late"):
        tactful.sending.answer(asked.effect.effect_id, asked.hash, True, "Kim")
    assert tactful.sending.requests() == []
    assert tactful.sending.drain().counts == {"not approved": 1}
    assert state(tactful) == "expired"
    assert tactful.sending.request(asked.effect.effect_id).state == "expired"
    assert not sink.book


@pytest.mark.parametrize("by", ["", "  ", "a\nb", "x" * 200])
def test_whoever_answers_says_who_they_are(tactful: Tactful, by: str) -> None:
    (asked,) = tactful.sending.requests()
    with pytest.raises(InputError, match="who you are"):
        tactful.sending.answer(asked.effect.effect_id, asked.hash, True, by)


def test_an_unknown_request_is_named_as_such(tactful: Tactful) -> None:
    for name in ("e_", "e_nothing", "%"):
        with pytest.raises(NotFound):
            tactful.sending.request(name)
