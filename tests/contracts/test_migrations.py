"""Migrations keep what is there, on both stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, text

from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import product
from tests.support.people import NOON

MIGRATIONS = Path(__file__).parents[2] / "agent" / "store" / "migrations"


def at_revision(url: str, revision: str) -> Engine:
    """A database as an older program left it."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


def test_an_open_case_of_the_first_house_is_still_seen(
    empty_database: Callable[[], str], tmp_path: Path, clock: StoppedClock, ids: CountingIds
) -> None:
    url = empty_database()
    engine = at_revision(url, "0001")
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO tenants (tenant, secret, created_at) VALUES ('acme', 's', :at)",
            "INSERT INTO persons (tenant, person, first_name, created_at) VALUES ('acme', 'p_1', 'Ann', :at)",
            "INSERT INTO customers (tenant, customer, person, version, decisions, age, created_at)"
            " VALUES ('acme', 'c_1', 'p_1', 1, 0, 'attested', :at)",
            "INSERT INTO identities (tenant, external_id, customer, person) VALUES ('acme', 'ann', 'c_1', 'p_1')",
            "INSERT INTO events"
            " (tenant, event, customer, kind, entity, occurred_at, received_at, imported_at, properties)"
            " VALUES ('acme', 'v_1', 'c_1', 'case_opened', 'case-1', :at, :at, :at, '{\"kind\": \"refund\"}')",
        ):
            connection.execute(text(statement.replace('":', '"\\:')), {"at": NOON.replace(tzinfo=None)})
    engine.dispose()
    database = Database(url)
    tactful = product(tmp_path, database, clock, ids)
    (snapshot,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find("ann")], NOON)
    assert [(case.case_id, case.kind) for case in snapshot.cases] == [("case-1", "refund")]
    database.close()


def test_upgrading_leaves_exactly_the_tables_that_the_code_knows(empty_database: Callable[[], str]) -> None:
    url = empty_database()
    at_revision(url, "0001").dispose()
    database = Database(url)
    with database.reading() as connection:
        assert set(inspect(connection).get_table_names()) - {"alembic_version"} == set(t.metadata.tables)
    database.close()


def test_the_ledgers_proofs_are_never_dropped_by_going_back(empty_database: Callable[[], str]) -> None:
    engine = at_revision(empty_database(), "head")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(RuntimeError, match="restore a backup"):
            command.downgrade(config, "0001")
    engine.dispose()
