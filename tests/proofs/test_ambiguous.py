"""T4: a provider that takes a message and then times out, fails or hangs up. Nothing is sent again blindly."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from agent.domain.delivery import Abilities, Claim, Refused, Result, Sent, Unknown
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import SOAK, StoppedClock
from tests.proofs.dispatching import ASKED, KEYS, PLAIN, Wire, crowd, open_house
from tests.support.people import NOON

SIZE = 10_000 if SOAK else 500
ABILITIES = {"plain": PLAIN, "keys": KEYS, "asked": ASKED}


@pytest.mark.parametrize("kind", list(ABILITIES))
def test_what_may_have_arrived_is_never_repeated_blindly(kind: str, tmp_path: Path, database: Database) -> None:
    abilities: Abilities = ABILITIES[kind]
    clock, draw = StoppedClock(NOON), random.Random(4)
    wire = Wire(tmp_path / "arrived", abilities)
    tactful = open_house(tmp_path, database, wire, clock)
    crowd(tactful, SIZE // len(ABILITIES))
    doubtful: set[str] = set()
    taken: set[str] = set()

    def answers(claim: Claim) -> Result:
        """Takes it or not; then says so, fails in some way, or refuses before it has taken anything."""
        chance = draw.random()
        if chance < 0.2:
            return Refused(reason="no connection", temporary=True)
        if chance < 0.85 and not (abilities.honours_keys and claim.key in taken):
            taken.add(claim.key)
            wire.arrive_once(claim)
        if chance < 0.35:
            return Sent()
        doubtful.add(claim.key)
        return Unknown(reason=draw.choice(("timeout", "500", "dropped")))

    def well(claim: Claim) -> Sent:
        if claim.key not in taken or not abilities.honours_keys:
            taken.add(claim.key)
            wire.arrive_once(claim)
        return Sent()

    wire.answer = answers
    wire.known = taken
    for _ in range(60):
        tactful.sending.drain()
        clock.at += timedelta(minutes=4)
    wire.answer = well
    for _ in range(12):  # the provider is well again
        tactful.sending.drain()
        clock.at += timedelta(hours=3)
    with database.reading() as connection:
        rows = connection.execute(select(t.effects.c.key, t.effects.c.state, t.effects.c.attempts)).all()
    states = {row.key: row.state for row in rows}
    arrived = wire.arrived()
    assert set(arrived.values()) <= {1}
    listed = {found.key for found in tactful.sending.unknown()}
    assert {key for key, state in states.items() if state == "unknown"} == listed
    lost = {key for key, state in states.items() if state == "sent"} - set(arrived)
    assert not lost
    if kind == "plain":
        assert doubtful == listed
        assert all(row.attempts >= 1 for row in rows)
    else:
        assert not listed
        assert Counter(states.values()).keys() <= {"sent", "expired", "dead"}
        assert set(arrived) == {key for key, state in states.items() if state == "sent"}
