"""What scoring costs: a million customers from a prepared table, each event of a running session, and a whole fit.

python -m evals.benchmarks.scoring CUSTOMERS   # the first of these alone, as JSON; needs TACTFUL_DATA
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from agent.bootstrap import open_tactful
from agent.domain.customer import Event
from agent.domain.facts import Omen
from agent.settings import Settings
from agent.signals import churn, segments
from agent.signals.fits.affinity import _share as shrunk_share
from agent.signals.live import Session
from agent.signals.purchases import visits
from agent.signals.table import Table, table
from agent.signals.tabular import model as tabular
from agent.signals.value import blend
from evals.benchmarks import run, sets
from evals.benchmarks.judging import Row

FILES = ("online_retail/online_retail.csv.gz",)
CUSTOMERS = (250_000, 1_000_000)
HORIZON, MONTH = 90, 30
EVENTS, SOME = 100_000, 10_000
BUDGET = 30.0


def figures(data: Path, folder: Path) -> Iterator[Row]:
    """Each size in a process of its own; then the session; then `tactful fit` through a real store."""
    for customers in CUSTOMERS:
        yield from _bulk(customers)
    yield from _live()
    yield from _fit(data, folder)


def _bulk(customers: int) -> Iterator[Row]:
    command = [sys.executable, "-m", "evals.benchmarks.scoring", str(customers)]
    done = subprocess.run(
        command,
        cwd=run.ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TACTFUL_DATA": str(run.DATA)},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    spent: dict[str, float] = found["seconds"]
    total = sum(spent.values())
    budget = f"{BUDGET * customers / CUSTOMERS[-1]:g} s"
    yield f"eight signals of {customers:,} customers", f"{total:.1f} s", budget
    yield "  us a customer", f"{1e6 * total / customers:.1f}", f"{1e6 * BUDGET / CUSTOMERS[-1]:.0f}, linear"
    for name, seconds in spent.items():
        yield f"  {name}", f"{seconds:.2f} s", "-"
    yield "  process memory, its table and the fits among it", f"{found['memory']:,.0f} MB", "-"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What online_retail is scored by, and its own table."""

    value: blend.Value
    churn: tabular.Model
    segments: segments.Segments
    rows: Table


def fitted(data: Path) -> Fitted:
    """The models on all of online_retail."""
    purchases = sets.purchases(data)
    cut = int(purchases.day.max())
    rows = table(purchases, cut, HORIZON)
    learned = churn.lessons(purchases, cut, HORIZON, None)
    groups = segments.fit(rows)
    if groups is None:
        raise ValueError("too few customers to be grouped")
    return Fitted(
        value=blend.fit(visits(purchases), cut, HORIZON),
        churn=tabular.fit(learned.inputs, learned.stopped, in_time=True, groups=learned.who),
        segments=groups,
        rows=rows,
    )


def resampled(rows: Table, customers: int) -> Table:
    """As many customers, each with the whole row of somebody real: its columns fit together."""
    some = np.random.default_rng(0).integers(0, len(rows), customers)
    columns = {name: column[some] for name, column in rows.columns.items()}
    return Table(who=np.arange(customers, dtype=np.int64), columns=columns, span=rows.span, horizon=rows.horizon)


def score(made: Fitted, rows: Table) -> dict[str, float]:
    """Seconds that each signal takes for all rows."""
    spent: dict[str, float] = {}

    def timed(name: str, what: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        found = what()
        spent[name] = time.perf_counter() - started
        return found

    worth = timed("purchase days, spend, still a customer", lambda: blend.predict(made.value, rows))
    timed("return within 30 days", lambda: blend.within(made.value, worth.days, MONTH / HORIZON))
    timed("lifetime", lambda: blend.lifetime(made.value, rows, worth))
    timed("churn", lambda: tabular.predict(made.churn, churn.inputs(rows)))
    timed("segment", lambda: segments.assign(made.segments, rows))
    lines = np.round(rows["lines_per_order"] * np.maximum(1.0, rows["days"]))
    timed("price sensitivity", lambda: shrunk_share(Omen.PRICE, rows.who, rows["reduced"], lines))
    return spent


def _live() -> Iterator[Row]:
    """One customer's events: views, carts, searches, pages, answers and purchases, some sessions a day."""
    events = mixed(EVENTS)
    session, times = Session(), []
    for start in range(0, EVENTS, SOME):
        started = time.perf_counter()
        for event in events[start : start + SOME]:
            session.take(event)
        times.append((time.perf_counter() - started) / SOME * 1e6)
    yield f"live context, us an event over {EVENTS:,}", f"{np.mean(times):.2f}", "1,000"
    yield f"  of the first / the last {SOME:,}", f"{times[0]:.2f} / {times[-1]:.2f}", "the same"


def mixed(size: int) -> list[Event]:
    """Events by seed, oldest first."""
    draw = np.random.default_rng(0)
    kinds = ("product_viewed", "page_viewed", "searched", "cart_updated", "cart_cleared", "chat_declined", "purchased")
    kind = draw.choice(len(kinds), size, p=(0.55, 0.2, 0.1, 0.08, 0.02, 0.02, 0.03))
    pause = draw.exponential(240.0, size)
    product, dwell = draw.integers(0, 500, size), draw.integers(1, 300, size)
    at, found = datetime(2026, 1, 1, tzinfo=UTC), []
    for number in range(size):
        at += timedelta(seconds=float(pause[number]))
        properties: dict[str, str | int | float] = {"dwell_seconds": int(dwell[number]), "value": 40.0}
        entity = f"/page/{product[number]}" if kinds[kind[number]] == "page_viewed" else f"p{product[number]}"
        found.append(Event(kind=kinds[kind[number]], at=at, entity=entity, properties=properties))
    return found


def _fit(data: Path, folder: Path) -> Iterator[Row]:
    """online_retail imported, everybody agreeing to be profiled, then `tactful fit` of all signals."""
    home, companion = folder / "home", folder / "companion"
    run.child(home, f"t.import_file('transactions', Path({str(data / FILES[0])!r}), 'online-retail')")
    subprocess.run(
        [sys.executable, str(run.ROOT / "scripts" / "companion.py"), str(companion)],
        check=True,
        cwd=run.ROOT,
        capture_output=True,
        env=os.environ | {"TACTFUL_HOME": str(home), "PYTHONPATH": str(run.ROOT)},
    )
    _agreed(companion)
    for what, file in (("customers", "customers"), ("consents", "consents"), ("consents", "agreed")):
        run.child(home, f"t.import_file({what!r}, Path({str(companion)!r}) / '{file}.csv')")
    at = run.AS_OF.isoformat()
    seconds, memory = run.child(home, f"t.foreseeing.fit([], datetime.fromisoformat({at!r}))")
    yield "tactful fit on online_retail, all agreeing", f"{seconds:.1f} s, {memory:,.0f} MB", "120 s, 2,048 MB"
    foreseeing = open_tactful(Settings(home=home, model_name=None)).foreseeing
    models = foreseeing.current()
    customers = max(model.card.customers for model in models)
    said = f"{len(models)} / {customers:,} / {foreseeing.count(models):,}"
    yield "  models / customers / things foretold", said, "-"


def _agreed(companion: Path) -> None:
    """The companion file grants for half of the customers; here everybody grants profiling."""
    with (companion / "customers.csv").open(encoding="utf-8", newline="") as file:
        names = [row["customer"] for row in csv.DictReader(file)]
    with (companion / "agreed.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["customer", "purpose", "channel", "status", "given_at", "basis", "evidence"])
        rows.writerows(
            [name, "profiling", "", "granted", "2010-12-01T00:00:00+00:00", "consent", "drawn"] for name in names
        )


def main(customers: int) -> None:
    made = fitted(run.DATA)
    spent = score(made, resampled(made.rows, customers))
    sys.stdout.write(json.dumps({"seconds": spent, "memory": run.peak_memory()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
