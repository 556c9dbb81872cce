"""T42: whatever is done to the audit is found: change, deletion, insertion, swap, cut, cut and re-growth, rewriting."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from agent.auditing import Auditing
from agent.domain.audit import Anchor
from agent.domain.errors import StoreError
from agent.domain.ids import TenantId
from agent.store import schema as t
from agent.store.chain import BEGINNING, SqlChain, link
from agent.store.database import Database
from agent.store.rows import audit_hash, note
from tests.conftest import SOAK, StoppedClock

TIMES = 10_000 if SOAK else 200
ROWS = 300
ACME = TenantId("acme")
A = t.audit.c


def written(database: Database, clock: StoppedClock, rows: int, start: int = 0) -> None:
    with database.writing() as connection:
        for number in range(start, start + rows):
            note(
                connection,
                ACME,
                clock.at + timedelta(seconds=number),
                "decision",
                f"d_{number}",
                action="hold",
                n=number,
            )


def change(connection: Connection, draw: random.Random) -> None:
    place = draw.randrange(1, ROWS)
    ways: list[dict[str, Any]] = [{"subject": "d_x"}, {"what": "effect"}, {"detail": {"n": -1}}, {"hash": "0" * 64}]
    values = draw.choice(ways)
    connection.execute(update(t.audit).where(A.position == place).values(**values))


def change_well(connection: Connection, draw: random.Random) -> None:
    """With the hash that fits."""
    row = connection.execute(select(t.audit).where(A.position == draw.randrange(1, ROWS))).one()
    hash_ = audit_hash(row.tenant, row.at, row.what, "d_x", row.detail)
    connection.execute(update(t.audit).where(A.seq == row.seq).values(subject="d_x", hash=hash_))


def remove(connection: Connection, draw: random.Random) -> None:
    connection.execute(delete(t.audit).where(A.position == draw.randrange(1, ROWS)))


def put_in(connection: Connection, draw: random.Random) -> None:
    place = draw.randrange(1, ROWS - 1)
    connection.execute(update(t.audit).where(A.position > place).values(position=-A.position))
    connection.execute(update(t.audit).where(A.position < 0).values(position=1 - A.position))
    row = connection.execute(select(t.audit).where(A.position == place)).one()
    forged = {"tenant": ACME, "at": row.at, "what": "decision", "subject": "d_new", "detail": {}}
    hash_ = audit_hash(ACME, row.at, "decision", "d_new", {})
    chain = link(row.chain, place + 1, hash_)
    connection.execute(insert(t.audit), [forged | {"hash": hash_, "position": place + 1, "chain": chain}])


def swap(connection: Connection, draw: random.Random) -> None:
    one, two = draw.sample(range(1, ROWS), 2)
    for was, is_ in ((one, -1), (two, one), (-1, two)):
        connection.execute(update(t.audit).where(A.position == was).values(position=is_))


def cut(connection: Connection, draw: random.Random) -> None:
    connection.execute(delete(t.audit).where(A.position > draw.randrange(1, ROWS)))


def regrow(connection: Connection, draw: random.Random) -> None:
    """Cuts the tail and writes another in its place, well linked."""
    place = draw.randrange(1, ROWS - 1)
    rows = connection.execute(select(t.audit).where(A.position > place).order_by(A.position)).all()
    chain = connection.execute(select(A.chain).where(A.position == place)).scalar_one()
    for row in rows:
        hash_ = audit_hash(row.tenant, row.at, row.what, row.subject + "x", row.detail)
        chain = link(chain, row.position, hash_)
        values = {"subject": row.subject + "x", "hash": hash_, "chain": chain}
        connection.execute(update(t.audit).where(A.seq == row.seq).values(**values))


def rewrite(connection: Connection, draw: random.Random) -> None:
    """Everything anew, without one row, and perfect in itself."""
    gone = draw.randrange(1, ROWS)
    connection.execute(delete(t.audit).where(A.position == gone))
    chain = BEGINNING
    for place, row in enumerate(connection.execute(select(t.audit).order_by(A.position)).all(), start=1):
        chain = link(chain, place, row.hash)
        connection.execute(update(t.audit).where(A.seq == row.seq).values(position=-place, chain=chain))
    connection.execute(update(t.audit).values(position=-A.position))


KINDS: list[Callable[[Connection, random.Random], None]] = [
    *(change, change_well, remove, put_in, swap, cut, regrow, rewrite),
]


@pytest.fixture
def whole(tmp_path: Path, clock: StoppedClock) -> tuple[Path, list[Anchor]]:
    """An untouched audit, and its anchors: one before the last five minutes, one after."""
    database = Database(f"sqlite:///{tmp_path / 'whole.db'}")
    chain = SqlChain(database, clock)
    written(database, clock, ROWS // 2)
    chain.extend(ACME)
    anchors = [chain.head(ACME)]
    written(database, clock, ROWS - ROWS // 2, ROWS // 2)
    chain.extend(ACME)
    anchors.append(chain.head(ACME))
    assert chain.verify(ACME, anchors).breaks == ()
    database.close()
    return tmp_path / "whole.db", anchors


def test_every_tampering_is_found(whole: tuple[Path, list[Anchor]], tmp_path: Path, clock: StoppedClock) -> None:
    path, anchors = whole
    draw, missed = random.Random(42), []
    for number in range(TIMES):
        tamper = KINDS[number % len(KINDS)]
        touched = tmp_path / "touched.db"
        shutil.copyfile(path, touched)
        database = Database(f"sqlite:///{touched}")
        with database.writing() as connection:
            tamper(connection, draw)
        if not SqlChain(database, clock).verify(ACME, anchors).breaks:
            missed.append(tamper.__name__)
        database.close()
    assert missed == []


def test_without_its_anchors_a_perfect_forgery_would_pass(
    whole: tuple[Path, list[Anchor]], clock: StoppedClock
) -> None:
    """The proof above rests on them: this is what they are for."""
    path, _ = whole
    database = Database(f"sqlite:///{path}")
    with database.writing() as connection:
        rewrite(connection, random.Random(1))
    assert SqlChain(database, clock).verify(ACME, []).breaks == ()
    database.close()


def test_anchors_are_written_once_for_each_head_and_read_back(tmp_path: Path, clock: StoppedClock) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    auditing = Auditing(ACME, None, None, SqlChain(database, clock), tmp_path / "far" / "acme.jsonl")  # type: ignore[arg-type]
    assert auditing.anchor() is None
    written(database, clock, 3)
    assert auditing.link() == 3
    made = auditing.anchor()
    assert made is not None
    assert made.position == 3
    assert auditing.anchor() is None
    assert auditing.anchored() == [made]
    assert auditing.verify().anchors == 1
    database.close()


def test_a_tail_that_was_cut_and_anchored_again_is_found(tmp_path: Path, clock: StoppedClock) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    chain = SqlChain(database, clock)
    auditing = Auditing(ACME, None, None, chain, tmp_path / "acme.jsonl")  # type: ignore[arg-type]
    for number in range(10, 14):
        written(database, clock, 10 if number == 10 else 1, number)
        auditing.link()
        auditing.anchor()
    with database.writing() as connection:
        connection.execute(delete(t.audit).where(A.position > 11))
    with pytest.raises(StoreError):
        auditing.anchor()
    for number in (20, 21, 22):
        written(database, clock, 1, number)
        auditing.link()
        head = chain.head(ACME)
        with auditing.anchors.open("ab") as file:  # as somebody would who has the file too, and may only add to it
            said = {"at": str(head.at), "position": head.position, "chain": head.chain}
            file.write(json.dumps(said).encode() + b"\n")
    assert {b.kind for b in auditing.verify().breaks} >= {"cut", "rewritten"}
    database.close()


def test_a_row_at_a_place_that_the_chain_never_gives_is_found(tmp_path: Path, clock: StoppedClock) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    chain = SqlChain(database, clock)
    written(database, clock, 5)
    chain.extend(ACME)
    with database.writing() as connection:
        forged: dict[str, Any] = {"tenant": ACME, "at": clock.at, "what": "approval", "subject": "e_1", "detail": {}}
        connection.execute(insert(t.audit), [forged | {"hash": audit_hash(**forged), "position": -1, "chain": "x"}])
    assert [b.kind for b in chain.verify(ACME, []).breaks] == ["inserted"]
    database.close()


def test_a_line_that_a_crash_has_torn_does_not_end_anchoring(tmp_path: Path, clock: StoppedClock) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    auditing = Auditing(ACME, None, None, SqlChain(database, clock), tmp_path / "acme.jsonl")  # type: ignore[arg-type]
    written(database, clock, 3)
    auditing.link()
    auditing.anchor()
    with auditing.anchors.open("ab") as file:
        file.write(b'{"at":"2026')
    written(database, clock, 3, 3)
    auditing.link()
    assert auditing.anchor() is not None
    assert [a.position for a in auditing.anchored()] == [3, 6]
    assert auditing.verify().breaks == ()
    database.close()
