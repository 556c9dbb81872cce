"""An import that is killed at any moment, again and again: at the end every row is there once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agent.store import schema as t
from agent.store.database import Database

ROOT = Path(__file__).parents[2]


def killed(folder: Path, rows: int, kills: int, seed: int) -> tuple[int, list[int]]:
    """Imports a file of so many rows, killed so often, then once more in peace; (rows in the store, rows after each
    kill)."""
    text = "".join(f"{n % 997},product_viewed,2026-01-02T10:00Z,p{n}\n" for n in range(rows))
    (folder / "e.csv").write_text("customer,kind,occurred_at,entity\n" + text, encoding="utf-8")
    words = [sys.executable, "-m", "agent.cli.app", "import", "events", "e.csv"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    drawn, after = random.Random(seed), []
    for _ in range(kills):
        run = subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.8 + drawn.random() * rows / 40_000)
        run.send_signal(signal.SIGKILL)
        run.wait()
        after.append(count(folder))
    subprocess.run(words, cwd=folder, env=env, check=True, capture_output=True)
    return count(folder), after


def count(folder: Path) -> int:
    path = folder / ".tactful" / "tactful.db"
    if not path.exists():
        return 0
    database = Database(f"sqlite:///{path}")
    with database.reading() as connection:
        found = int(connection.execute(select(func.count()).select_from(t.events)).scalar_one())
    database.close()
    return found


def test_an_import_killed_on_its_way_is_whole_after_the_next(tmp_path: Path) -> None:
    taken, after = killed(tmp_path, rows=40_000, kills=3, seed=1)
    assert taken == 40_000
    assert [rows % 5_000 for rows in after] == [0, 0, 0]
    assert after == sorted(after)


@pytest.mark.soak
def test_an_import_killed_forty_times_is_whole_after_the_next(tmp_path: Path) -> None:
    taken, after = killed(tmp_path, rows=600_000, kills=40, seed=2)
    assert taken == 600_000
    assert {rows % 5_000 for rows in after} == {0}
    assert after == sorted(after)
    assert any(0 < rows < 600_000 for rows in after)
