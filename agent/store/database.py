"""One database: SQLite in a file by default, Postgres by URL. Opened, migrated, and spoken to in transactions."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from agent.domain.errors import StoreError
from agent.store.schema import REVISION

BUSY_SECONDS = 30
_MANY_DIGITS = re.compile(r"\d{18}")


class Database:
    """`reading()` sees one consistent state; `writing()` is one serialised transaction, whole or not at all."""

    def __init__(self, url: str, *, lasting: bool = True) -> None:
        """What is not `lasting` is a simulation's: nobody needs it after a crash, and nothing in it is to be erased."""
        self.engine = _engine(_url(url), lasting)
        self._standing: Connection | None = None
        self._one_at_a_time = threading.Lock() if self.dialect == "sqlite" else nullcontext()
        try:
            self._migrate()
        except BaseException:
            self.engine.dispose()
            raise

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction of all that is read and written until the end, by one thread: a simulation's tick. What is
        refused is refused before its first write, or the whole goes back."""
        with self.writing() as connection:
            self._standing = connection
            try:
                yield
            finally:
                self._standing = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        if self._standing is not None:
            yield self._standing
            return
        options = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with _plain_errors(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """SQLite takes the write lock at once, so that what is read inside cannot change before the commit. Writers of
        one process queue up before it: SQLite's own waiting is sleeping, longer and longer."""
        if self._standing is not None:
            yield self._standing
            return
        with (
            _plain_errors(),
            self._one_at_a_time,
            self.engine.connect().execution_options(tactful_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    def _migrate(self) -> None:
        with _plain_errors(), self.engine.connect() as connection:
            found = _revision(connection)
        if found == REVISION:
            return
        if found is not None and found > REVISION:
            raise StoreError(
                f"the database is of a newer version ({found}) than this program ({REVISION})",
                next_step="Update tactful-agent, or point TACTFUL_DATABASE_URL to another database.",
            )
        from alembic import command  # lazily: only a new or older database needs it
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.writing() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(7266381)"))
            if _revision(connection) != REVISION:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def _url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "TACTFUL_DATABASE_URL is not a database URL",
            next_step="Use sqlite:///path/to/file.db or postgresql://user@host/name.",
        ) from error
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(f"no adapter for {parsed.get_backend_name()} databases", next_step="Use SQLite or Postgres.")
    return parsed


def _engine(url: URL, lasting: bool) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url, pool_pre_ping=True, pool_size=5, max_overflow=5, hide_parameters=True, json_deserializer=_loads
        )
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder for the database cannot be made ({error.strerror})",
                next_step="Set TACTFUL_HOME to a folder you own.",
            ) from error
    one = {} if lasting else {"poolclass": StaticPool}
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, json_deserializer=_loads, **one)
    event.listen(engine, "connect", _prepare_sqlite if lasting else _prepare_scratch)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _loads(text: str | bytes) -> Any:
    """By orjson, which is four times as fast; what only Python's own reader takes as it stands goes there: NaN, and
    numbers of more digits than fit into 64 bits."""
    if _MANY_DIGITS.search(text if isinstance(text, str) else text.decode()):
        return json.loads(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _prepare_scratch(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-262144"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    """WAL for readers beside one writer; `secure_delete` so that erased bytes do not linger in free pages."""
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    _write_ahead(cursor)
    for pragma in (
        "synchronous=NORMAL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Changing the journal does not wait for others as all else does: two processes may make the file at once."""
    ends = time.monotonic() + BUSY_SECONDS
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("tactful_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Database errors without the values of the statement: those may be personal data."""
    try:
        yield
    except OperationalError as error:
        said = re.sub(r"[\"'].*", "", str(error.orig)).strip().splitlines()
        if said and said[0].startswith("connection"):
            said = ["the server cannot be reached, or does not let us in"]
        raise StoreError(
            f"the database refused: {said[0] if said else 'no connection'}",
            next_step="See that it runs, has room, and is not locked by another program; then try again.",
        ) from None
    except SQLAlchemyError as error:
        raise StoreError(
            f"the database refused ({type(error).__name__})", next_step="Run `tactful doctor`; nothing was written."
        ) from None
