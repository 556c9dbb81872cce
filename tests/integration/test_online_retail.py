"""The main job on real input: a year of a gift shop's invoices (UCI Online Retail, CC BY 4.0), where present."""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agent.bootstrap import open_tactful
from agent.domain.action import HoldReason
from agent.domain.imports import RowOutcome, Tally
from agent.service import Tactful
from agent.settings import Settings
from agent.store import schema as t
from agent.store.database import Database
from tests.support.brand import database_of

ROOT = Path(__file__).parents[2]
FILE = Path(os.environ.get("TACTFUL_DATA", ROOT.parent / "shared" / "data")) / "online_retail" / "online_retail.csv.gz"
AS_OF = datetime(2011, 12, 9, 13, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="set TACTFUL_DATA to a folder with online_retail/online_retail.csv.gz"
)


def imported(folder: Path, file: Path) -> tuple[Tactful, Tally]:
    tactful = open_tactful(Settings(home=folder / "home", model_name=None))
    tally = tactful.import_file("transactions", file, "online-retail")
    companion = folder / "companion"
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "companion.py"), str(companion)],
        cwd=folder,
        check=True,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TACTFUL_HOME": str(folder / "home")},
    )
    for what in ("customers", "consents"):
        rows = tactful.import_file(what, companion / f"{what}.csv")
        assert rows.outcomes[RowOutcome.QUARANTINED] == 0
    return tactful, tally


def net(database: Database, *conditions: object) -> tuple[Decimal, int]:
    with database.reading() as connection:
        total, rows = connection.execute(
            select(func.sum(t.order_lines.c.amount_micros), func.count()).where(*conditions)  # type: ignore[arg-type]
        ).one()
    return round(Decimal(total) / 1_000_000, 2), rows


def test_the_first_rows_of_the_real_file_import_and_decide(tmp_path: Path) -> None:
    """The counts are taken from the file by other means: plain csv and Decimal."""
    part = tmp_path / "part.csv"
    with (
        gzip.open(FILE, "rt", encoding="utf-8", newline="") as source,
        part.open("w", encoding="utf-8", newline="") as target,
    ):
        target.writelines(itertools.islice(source, 30_001))
    with part.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    tactful, tally = imported(tmp_path, part)
    assert tally.rows == len(rows) == sum(tally.outcomes.values()) == tally.new
    assert tally.outcomes[RowOutcome.WITHOUT_CUSTOMER] == sum(not r["CustomerID"] for r in rows)
    assert tally.outcomes[RowOutcome.RETURN] == sum(bool(r["CustomerID"]) and int(r["Quantity"]) < 0 for r in rows)
    expected = sum(int(r["Quantity"]) * Decimal(r["UnitPrice"]) for r in rows)
    assert net(database_of(tactful))[0] == round(expected, 2)
    people = {r["CustomerID"] for r in rows if r["CustomerID"]}
    decisions = list(tactful.decide_all(as_of=AS_OF))
    assert len(decisions) == len(people)
    assert tactful.expired(AS_OF) == sum(len(d.effects) for d in decisions) > 0


@pytest.mark.soak
def test_the_whole_file(tmp_path: Path) -> None:
    tactful, tally = imported(tmp_path, FILE)
    assert (tally.rows, tally.new) == (541_909, 541_909)
    assert tally.outcomes == {
        RowOutcome.TAKEN: 397_924,
        RowOutcome.RETURN: 8_905,
        RowOutcome.WITHOUT_CUSTOMER: 135_080,
    }
    database = database_of(tactful)
    known = t.order_lines.c.customer.is_not(None)
    assert net(database) == (Decimal("9747747.93"), 541_909)
    assert net(database, known)[0] == Decimal("8300065.81")
    assert net(database, known, t.order_lines.c.quantity < 0) == (Decimal("-611342.09"), 8_905)
    with database.reading() as connection:
        invoices = connection.execute(
            select(func.count(func.distinct(t.order_lines.c.order_id))).where(known)
        ).scalar_one()
        customers = connection.execute(select(func.count()).select_from(t.customers)).scalar_one()
    assert (customers, invoices) == (4_372, 22_190)
    assert tactful.import_file("transactions", FILE, "online-retail").new == 0
    decisions = list(tactful.decide_all(as_of=AS_OF))
    assert len(decisions) == 4_372
    reasons = Counter(d.hold.reason for d in decisions if d.hold.reason)
    consented = _consented(database)
    for decision in decisions:
        if decision.customer not in consented and decision.hold.reason is not HoldReason.INELIGIBLE:
            assert decision.hold.reason is HoldReason.NO_CONSENT
    assert reasons[HoldReason.NO_CONSENT] > 1_500
    assert tactful.expired(AS_OF) == sum(len(d.effects) for d in decisions)


def _consented(database: Database) -> set[str]:
    with database.reading() as connection:
        rows = connection.execute(select(t.consents.c.customer).where(t.consents.c.purpose == "profiling")).scalars()
        return set(rows)
