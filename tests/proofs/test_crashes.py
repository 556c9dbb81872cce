"""T1 and T7: SIGKILL at every named point; another process takes over. Nothing is doubled, lost or stuck.

A point is a moment of one transaction (`SqlOutbox.claim:before commit`, ...), of a node of the graph, or of the
hand-over. A child forked from the warm test process runs the house and kills itself there; then a fresh house runs on,
from the same trigger.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from agent.domain.delivery import Abilities, Claim, Result
from agent.graph.build import Steps
from agent.graph.state import State, Step
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import SOAK, StoppedClock
from tests.proofs.dispatching import ASKED, KEYS, PLAIN, Wire, open_house, plain_index
from tests.support.brand import regular
from tests.support.people import NOON

TIMES = 1_000 if SOAK else 30
FORK = multiprocessing.get_context("fork")
TRANSACTIONS = (
    "SqlCommit.commit",
    "SqlOutbox.claim",
    "SqlOutbox.begin",
    "SqlResults.finish",
    "SqlResults.lapse",
    "SqlApprovals.expire",
    "SqlTimers.claim",
    "SqlTimers.done",
    "SqlJourneys.woken",
)
MOMENTS = ("entered", "before commit", "after commit")
NODES = ("sense", "recall", "weigh", "propose", "act", "guard", "commit")
POINTS = (
    *(f"{name}:{moment}" for name in TRANSACTIONS for moment in MOMENTS),
    *(f"{name}:{moment}" for name in NODES for moment in ("entered", "left")),
    "send:before",
    "send:after",
)


class Mortal(Wire):
    """Dies before or after a message has arrived."""

    def __init__(self, path: Path, abilities: Abilities, point: str) -> None:
        super().__init__(path, abilities)
        self.point = point

    def send(self, claim: Claim) -> Result:
        die_at("send:before", self.point)
        result = super().send(claim)
        die_at("send:after", self.point)
        return result


class MortalDatabase(Database):
    point = ""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        frame = sys._getframe(2)
        name = frame.f_code.co_qualname
        with super().writing() as connection:
            die_at(f"{name}:entered", self.point)
            yield connection
            die_at(f"{name}:before commit", self.point)
        die_at(f"{name}:after commit", self.point)


def die_at(here: str, point: str) -> None:
    if here == point:
        os.kill(os.getpid(), signal.SIGKILL)


def mortal_nodes(point: str) -> None:
    for name in NODES:
        setattr(Steps, name, dying(name, getattr(Steps, name), point))


def dying(name: str, node: Callable[..., Any], point: str) -> Callable[..., Any]:
    @wraps(node)
    async def run(self: Steps, state: State) -> Step:
        die_at(f"{name}:entered", point)
        step = await node(self, state)
        die_at(f"{name}:left", point)
        return step  # type: ignore[no-any-return]

    return run


def journey(folder: Path, url: str, wire: Wire, point: str, name: str, at: StoppedClock) -> None:
    """One customer decided on and written to, and timers fired, in a child that dies at `point`."""
    plain_index()
    mortal_nodes(point)
    database = MortalDatabase(url)
    database.point = point
    tactful = open_house(folder, database, wire, at)
    asyncio.run(tactful.decide(name, trigger=f"visit-{name}"))
    tactful.dispatch()
    at.at += timedelta(days=3)
    tactful.dispatch()
    os._exit(0)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_killed_at_every_point_nothing_is_doubled_lost_or_stuck(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    new: Callable[[], str] = fresh(store, tmp_path, request)
    kinds = {"plain": PLAIN, "keys": KEYS, "asked": ASKED}
    hit: Counter[str] = Counter()
    tried: set[str] = set()
    begin = 0 if store == "sqlite" else len(POINTS) - TIMES  # a short run goes through all points over both stores
    for kind, abilities in kinds.items():
        url = new()
        folder = tmp_path / kind
        arrived = Wire(tmp_path / f"arrived-{kind}", abilities)
        first = Database(url)
        open_house(folder, first, arrived)
        names = [f"{kind}{number}" for number in range(TIMES // len(kinds))]
        open_house(folder, first, arrived).take([row for name in names for row in regular(name)])
        first.close()
        for number, name in enumerate(names):
            point = POINTS[(begin + number * len(kinds) + list(kinds).index(kind)) % len(POINTS)]
            tried.add(point)
            wire = Mortal(arrived.path, abilities, point)
            child = FORK.Process(target=journey, args=(folder, url, wire, point, name, StoppedClock(NOON)))
            child.start()
            child.join(20)
            assert child.exitcode in (0, -signal.SIGKILL)
            hit[point] += child.exitcode == -signal.SIGKILL
        database, clock = Database(url), StoppedClock(NOON + timedelta(hours=1))
        tactful = open_house(folder, database, arrived, clock)
        for name in names:
            asyncio.run(tactful.decide(name, trigger=f"visit-{name}"))
        for _ in range(30):
            tactful.dispatch()
            clock.at += timedelta(days=1)
        judged(database, arrived, listed={found.key for found in tactful.sending.unknown()})
        with database.reading() as connection:
            decided = Counter(
                connection.execute(select(t.decisions.c.trigger).where(t.decisions.c.trigger.like("visit-%"))).scalars()
            )
        assert set(decided.values()) == {1}
        assert len(decided) == len(names)
        database.close()
    assert tried == {point for point, times in hit.items() if times}
    assert tried == set(POINTS) or not SOAK
    assert sum(hit.values()) >= TIMES * 0.8, hit


def judged(database: Database, arrived: Wire, listed: set[str]) -> None:
    """Each message arrived once, or stands on a person's list; nothing is under way any more."""
    with database.reading() as connection:
        states = dict(connection.execute(select(t.effects.c.key, t.effects.c.state)).all())
        timers = Counter(connection.execute(select(t.timers.c.state)).scalars())
        journeys = Counter(connection.execute(select(t.journeys.c.state)).scalars())
    book = arrived.arrived()
    assert set(book.values()) <= {1}
    assert {key for key, state in states.items() if state == "sent"} <= set(book)
    assert {key for key, state in states.items() if state in ("claimed", "sending", "pending")} == set()
    assert {key for key, state in states.items() if state == "unknown"} == listed
    assert set(book) - set(states) == set()
    assert timers["armed"] == 0
    assert journeys["active"] == 0


def fresh(store: str, folder: Path, request: pytest.FixtureRequest) -> Callable[[], str]:
    """New databases of one kind."""
    if store == "sqlite":
        return lambda: f"sqlite:///{folder / os.urandom(4).hex()}.db"
    from tests.conftest import new_postgres

    return lambda: new_postgres(request.getfixturevalue("postgres"))
