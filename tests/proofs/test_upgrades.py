"""T9: journeys that are under way when the house is migrated go on to their end. Both stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, MetaData, inspect, select

from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import SOAK, StoppedClock
from tests.contracts.test_migrations import at_revision
from tests.proofs.dispatching import PLAIN, Wire, crowd, open_house
from tests.support.people import NOON

SIZE = 1_000 if SOAK else 100


def test_journeys_in_flight_survive_a_migration(tmp_path: Path, empty_database: Callable[[], str]) -> None:
    clock, wire = StoppedClock(NOON), Wire(tmp_path / "arrived", PLAIN)
    today = Database(empty_database())
    tactful = open_house(tmp_path, today, wire, clock)
    crowd(tactful, SIZE)
    clock.at += timedelta(minutes=5)
    for _ in range(SIZE // 40):  # some are sent, some are not, when the house is closed
        tactful.sending.dispatcher().sweep()
    before = len(wire.lines())
    assert 0 < before < SIZE
    url = empty_database()
    old = at_revision(url, "0003")
    moved = copied(today, old)
    assert moved == SIZE
    old.dispose()
    today.close()
    upgraded = Database(url)
    tactful = open_house(tmp_path / "after", upgraded, wire, clock)
    for _ in range(40):
        tactful.dispatch()
        clock.at += timedelta(hours=12)
    arrived = wire.arrived()
    assert set(arrived.values()) == {1}
    assert len(arrived) >= SIZE
    with upgraded.reading() as connection:
        journeys = list(connection.execute(select(t.journeys.c.state)).scalars())
        armed = connection.execute(select(t.timers.c.timer).where(t.timers.c.state == "armed")).all()
        waiting = connection.execute(select(t.effects.c.key).where(t.effects.c.state.in_(("pending", "claimed")))).all()
    assert set(journeys) == {"ended"}
    assert len(journeys) >= SIZE
    assert armed == []
    assert waiting == []
    upgraded.close()


def copied(today: Database, old: Engine) -> int:
    """All rows into the older tables, as far as they had columns then; how many journeys were under way."""
    there = MetaData()
    there.reflect(old)
    names = set(inspect(old).get_table_names())
    for table in t.metadata.sorted_tables:
        if table.name not in names or table is t.audit:
            continue  # the audit counts its own rows
        columns = [column.name for column in there.tables[table.name].columns]
        with today.reading() as connection:
            found = connection.execute(select(*(table.c[name] for name in columns if name in table.c))).all()
        if found:
            with old.begin() as connection:
                connection.execute(table.insert(), [dict(row._mapping) for row in found])
    with old.connect() as connection:
        return len(connection.execute(select(t.journeys.c.journey).where(t.journeys.c.state == "active")).all())
