"""The figures of the product, measured, from a checkout: `make bench`, or `python -m evals.benchmarks.run [NAME ...]`.

Each figure is printed beside its budget. Times are wall-clock on whatever machine this is; nothing here gates a test.
The real input is read from TACTFUL_DATA (a folder with online_retail/) where present.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import typer
from sqlalchemy import func, select

from agent.bootstrap import open_tactful
from agent.domain.action import Action, Aim
from agent.domain.bundle import Draft
from agent.domain.customer import Channel
from agent.guardrails.judge import Guard, Screen
from agent.guardrails.rulebook import shipped, shipped_names
from agent.settings import Settings
from agent.store import schema as t
from agent.store.database import Database
from evals.benchmarks import foresight

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TACTFUL_DATA", ROOT.parent / "shared" / "data"))
RETAIL = DATA / "online_retail" / "online_retail.csv.gz"
AS_OF = datetime(2011, 12, 9, 13, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    measured: str
    budget: str


def main(names: list[str] = typer.Argument(None, help="Which benchmarks; all by default.")) -> None:  # noqa: B008
    """Runs the benchmarks and prints a table."""
    chosen = {n: b for n, b in BENCHMARKS.items() if n in names or (not names and n not in NAMED_ONLY)}
    with tempfile.TemporaryDirectory(prefix="tactful-bench-") as folder:
        for name, benchmark in chosen.items():
            for figure in benchmark(Path(folder)):
                typer.echo(f"{name:<17} {figure.name:<52} {figure.measured:>20}   budget {figure.budget}")


def help_time(_: Path) -> Iterator[Figure]:
    """`tactful --help` in a process of its own, best of five."""
    command = [sys.executable, "-m", "agent.cli.app", "--help"]
    times = []
    for _run in range(5):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        times.append(time.perf_counter() - started)
    yield Figure("tactful --help, median of 5", f"{sorted(times)[2]:.2f} s", "0.5 s")


def retail(folder: Path) -> Iterator[Figure]:
    """The main job: import a year of invoices, a companion, then decide for everyone."""
    if not RETAIL.exists():
        typer.echo("retail   not here: set TACTFUL_DATA to a folder with online_retail/online_retail.csv.gz")
        return
    home = folder / "home"
    seconds, memory = child(home, f"t.import_file('transactions', Path({str(RETAIL)!r}), 'online-retail')")
    yield Figure("import of 541,909 rows", f"{seconds:.1f} s, {memory:.0f} MB", "90 s, 1,536 MB")
    companion = folder / "companion"
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "companion.py"), str(companion)],
        check=True,
        cwd=ROOT,
        capture_output=True,
        env=os.environ | {"TACTFUL_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )
    for what in ("customers", "consents"):
        child(home, f"t.import_file({what!r}, Path({str(companion)!r}) / '{what}.csv')")
    for label, minutes in (("first", 0), ("second", 1)):
        at = (AS_OF + timedelta(minutes=minutes)).isoformat()
        seconds, memory = child(
            home, f"sum(1 for _ in t.decide_all(as_of=datetime.fromisoformat({at!r})))", "t.deciding"
        )
        measured = f"{seconds:.1f} s, {4372 / seconds:,.0f}/s"
        yield Figure(f"decide --all on 4,372 customers, bulk, {label} run", measured, "90 s, 1,000/s")
        yield Figure("  process memory", f"{memory:.0f} MB", "400 MB")
    yield from _sizes(home)
    yield from _graph(home)


def scaling(folder: Path) -> Iterator[Figure]:
    """Bulk decisions at two sizes: the cost must grow with the work, not faster."""
    from tests.conftest import CountingIds, StoppedClock
    from tests.support.brand import product
    from tests.support.crowd import crowd
    from tests.support.people import NOON

    rates = []
    for size in (1_000, 8_000):
        home = folder / f"crowd{size}"
        home.mkdir()
        tactful = product(home, Database(f"sqlite:///{home}/t.db"), StoppedClock(NOON), CountingIds())
        _, rows = crowd(size, seed=1, now=NOON)
        for start in range(0, len(rows), 5_000):
            tactful.take(rows[start : start + 5_000])
        _ = tactful.deciding
        started = time.perf_counter()
        done = sum(1 for _ in tactful.decide_all(as_of=NOON))
        rates.append((time.perf_counter() - started) / done * 1e6)
    yield Figure("bulk, us per customer at 1,000 and 8,000", f"{rates[0]:.0f} / {rates[1]:.0f}", "linear")


def guard(_: Path) -> Iterator[Figure]:
    """The guard alone on 360 treatments with every pack, then with a finished text; and all that precedes a ranking."""
    from agent.graph import nodes
    from tests.support.decide import decide, env
    from tests.support.people import NOON, cart, customer, views

    made = env(book=shipped(shipped_names()))
    snapshot = customer(events=(*views(NOON), cart(NOON - timedelta(hours=2), 164_000.0)))
    found = decide(snapshot, NOON, made)
    kind = {action.name: action for action in made.toolset.actions()}
    twenty = [replace(kind["offer_coupon"], name=f"offer_{n}", uses_campaign=n % 2 == 0) for n in range(20)]
    treatments, text, weighing = [], [], []
    for _run in range(2_000):
        situation = nodes.sense(made, snapshot, NOON)
        started = time.perf_counter()
        screen = made.guard.screen(situation)
        _judge_all(made.guard, screen, twenty, NOON)
        treatments.append((time.perf_counter() - started) * 1e3)
        effect = found.effects[0]
        assert found.decision.chosen is not None
        draft = Draft(
            treatment=found.decision.chosen,
            kind=effect.kind,
            payload=effect.payload,
            window="w",
            expires_at=effect.expires_at,
        )
        made.guard.judge(screen, kind[effect.action], draft, Aim(entity=effect.entity, because="cart"))
        text.append((time.perf_counter() - started) * 1e3)
        started = time.perf_counter()
        nodes.weigh(made, nodes.sense(made, snapshot, NOON), {})
        weighing.append((time.perf_counter() - started) * 1e3)
    for name, times, budget in (
        ("guard, 360 treatments, all packs, p50 / p99", treatments, "3 ms p99"),
        ("  with a finished text, p50 / p99", text, "5 ms p99"),
        ("sense and weigh, one customer, p50 / p99", weighing, "-"),
    ):
        times.sort()
        yield Figure(name, f"{times[1000]:.2f} / {times[1980]:.2f} ms", budget)


def _judge_all(guard_: Guard, screen: Screen, actions: list[Action], now: datetime) -> None:
    """Every action on six channels at three times: what removes it, and the first lawful minute of each."""
    channels = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.KAKAO, Channel.CHAT, Channel.PAGE)
    times = (now, now + timedelta(hours=3), now + timedelta(hours=11))
    for action in actions:
        aim = Aim(entity=action.name, because="cart")
        for channel in channels:
            guard_.removal(screen, action, channel, aim)
            for at in times:
                guard_.lawful_from(screen, action.kind, channel, at)


def _graph(home: Path) -> Iterator[Figure]:
    from tests.conftest import StoppedClock

    now = AS_OF + timedelta(minutes=2)
    tactful = open_tactful(Settings(home=home, model_name=None), clock=StoppedClock(now))
    customers = tactful.stores.customers.all(tactful.tenant)[:800]
    _ = tactful.deciding

    async def run() -> list[float]:
        times = []
        for number, customer in enumerate(customers):
            started = time.perf_counter()
            await tactful.decide(customer, trigger=f"bench:{number}", as_of=now)
            times.append((time.perf_counter() - started) * 1e3)
        return times

    times = sorted(asyncio.run(run())[50:])
    p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
    yield Figure("a committed graph decision on SQLite, p50 / p95", f"{p50:.1f} / {p95:.1f} ms", "10 / 25 ms")
    yield Figure("  process memory", f"{peak_memory():.0f} MB", "400 MB")


def _sizes(home: Path) -> Iterator[Figure]:
    database = Database(f"sqlite:///{home / 'tactful.db'}")
    with database.reading() as connection:
        record = connection.execute(select(func.avg(func.length(t.decisions.c.record)))).scalar_one()
        inputs = connection.execute(
            select(func.avg(func.length(t.inputs.c.body))).where(t.inputs.c.customer.is_not(None))
        ).scalar_one()
    database.close()
    yield Figure("a decision record, compressed, mean", f"{record:,.0f} bytes", "2,048")
    yield Figure("its inputs, compressed, mean", f"{inputs:,.0f} bytes", "4,096")


def child(home: Path, expression: str, before: str = "None") -> tuple[float, float]:
    """Runs one expression in a process of its own; gives (seconds of it alone, peak memory in MB of all)."""
    code = (
        "import time\nfrom datetime import datetime\nfrom pathlib import Path\n"
        "from agent.bootstrap import open_tactful\nfrom agent.settings import Settings\n"
        f"t = open_tactful(Settings(home=Path({str(home)!r}), model_name=None))\n{before}\n"
        f"a = time.perf_counter()\n{expression}\n"
        "taken = time.perf_counter() - a\nfrom evals.benchmarks.run import peak_memory\nprint(taken, peak_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def peak_memory() -> float:
    """The most this process has held, in MB. Not from getrusage, which a child inherits from its parent on Linux."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def sending(what: str, store: str) -> Callable[[Path], Iterator[Figure]]:
    """How fast messages leave, or a million timers, on one store."""

    def figures(folder: Path) -> Iterator[Figure]:
        from evals.benchmarks import sending

        here = folder / f"{what}-{store}"
        here.mkdir()
        yield from (Figure(*figure) for figure in getattr(sending, what)(here, store))

    return figures


def importing(folder: Path) -> Iterator[Figure]:
    """Events at two sizes, a mapped file of orders, and the check of all of it."""
    from evals.benchmarks import data

    here = folder / "importing"
    here.mkdir()
    for rows in (100_000, 1_000_000):
        path = data.events_file(here / f"events{rows}.csv", rows)
        seconds, memory = child(here / f"home{rows}", f"t.import_file('events', Path({str(path)!r}))")
        yield Figure(f"import of {rows:,} events", f"{rows / seconds:,.0f}/s, {memory:.0f} MB", "10,000/s")
    path, said = data.mapped_file(here / "orders.csv", 200_000)
    run = f"t.import_file(None, Path({str(path)!r}), said=read_map(Path({str(said)!r})))"
    seconds, _ = child(here / "mapped", run, "from agent.importing.mapping import read_map")
    yield Figure("import of 200,000 orders through a map, CP949", f"{200_000 / seconds:,.0f}/s", "10,000/s")
    seconds, _ = child(here / "home1000000", "t.check()")
    yield Figure("check of 1,000,000 events", f"{seconds:.1f} s", "-")


def retrieval(folder: Path) -> Iterator[Figure]:
    """How well and how fast passages are found."""
    from evals.benchmarks import data

    banking = DATA / "tau2_banking_knowledge"
    if not banking.exists():
        typer.echo("retrieval   not here: set TACTFUL_DATA to a folder with tau2_banking_knowledge/")
        return
    yield from (Figure(*figure) for figure in data.retrieval(folder / "retrieval", banking))


def serving(folder: Path) -> Iterator[Figure]:
    """The API on SQLite, asked over eight connections from this process; and an empty graph's rate beside it."""
    from evals.benchmarks import serving as api

    home = folder / "serving"
    key = api.crowd(home)
    empty = ROOT / "evals" / "benchmarks" / "empty_graph.py"
    with api.serving(home, str(empty)) as (url, _, _took):
        bare = asyncio.run(_ask(url, key, lambda c: api.closed(api.asker(c), 1_500)))
    with api.tactful_serve(home) as (url, process, took):
        yield Figure("start-up, until it is ready", f"{took:.1f} s", "6 s")
        full = asyncio.run(_ask(url, key, lambda c: api.closed(api.asker(c), 2_000)))
        share = f"{full.rate / bare.rate:.2f} of {bare.rate:,.0f}/s"
        yield Figure("decisions, 8 connections", f"{full.rate:,.0f}/s", "60/s")
        yield Figure("  beside an empty seven-node graph", share, "0.4")
        yield Figure("  p50 / p99", f"{full.p50:.0f} / {full.p99:.0f} ms", "- / 250 ms")
        half = asyncio.run(_ask(url, key, lambda c: api.paced(api.asker(c, 2_000), 1_000, full.rate / 2)))
        yield Figure("  at half that rate, open loop: p50 / p99", f"{half.p50:.0f} / {half.p99:.0f} ms", "- / 80 ms")
        events = asyncio.run(_ask(url, key, lambda c: api.ingest(c, 200)))
        yield Figure("events in batches of 100", f"{events:,.0f}/s", "2,000/s")
        yield Figure("memory after that", f"{api.memory(process):,.0f} MB", "-")


async def _ask(url: str, key: str, load: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
    headers = {"authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=8, max_keepalive_connections=8)
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits) as client:
        return await load(client)


def simulation(folder: Path) -> Iterator[Figure]:
    """A month in the shop, agent against rules, at two sizes; the second is the budget's."""
    from evals.benchmarks import simulating

    small, run = simulating.month(folder, 2_500), simulating.month(folder, 10_000)
    decided = run.found["decided"]
    size = f"{decided['decisions']:,} / {decided['events']:,}"
    yield Figure("10,000 customers x 30 days, agent against rules", f"{run.seconds:.0f} s", "90 s")
    yield Figure("  decisions / events", size, "45,000 / 300,000")
    yield Figure("  memory of all processes", f"{run.memory:,.0f} MB", "2,048 MB")
    each = [1e6 * r.seconds / r.found["decided"]["decisions"] for r in (small, run)]
    yield Figure("  us a decision, all told, at 2,500 and 10,000", f"{each[0]:,.0f} / {each[1]:,.0f}", "linear")


def simulation_large(folder: Path) -> Iterator[Figure]:
    """The same with 100,000 customers and the store on disk."""
    from evals.benchmarks import simulating

    run = simulating.month(folder, 100_000)
    yield Figure("100,000 customers x 30 days, agent against rules", f"{run.seconds:,.0f} s", "linear")
    yield Figure("  decisions", f"{run.found['decided']['decisions']:,}", "-")
    yield Figure("  memory of all processes", f"{run.memory:,.0f} MB", "6,144 MB")


def laws(folder: Path) -> Iterator[Figure]:
    """How the figures that the field quotes come out under twenty bent laws: least, median, greatest."""
    from evals.benchmarks import simulating

    found = list(simulating.bent(folder))
    for name, quoted in (("conversion", "+77 %"), ("cost", "-12.2 %"), ("returned", "+544 %")):
        values = sorted(getattr(one, name) for one in found)
        said = " / ".join(f"{100 * values[at]:+.0f} %" for at in (0, len(values) // 2, -1))
        yield Figure(f"against rules under {len(found)} laws: {name}", said, f"- (quoted: {quoted})")
    margins = [one.margin for one in found]
    said = ", ".join(f"{word} {margins.count(word)}" for word in ("more", "none", "less"))
    yield Figure("  margin more, no difference found, less", said, "-")


def signals(name: str) -> Callable[[Path], Iterator[Figure]]:
    """What is foretold of customers, beside its peers."""

    def figures(folder: Path) -> Iterator[Figure]:
        here = folder / name
        here.mkdir()
        yield from (Figure(*figure) for figure in foresight.figures(name, here, DATA))

    return figures


NAMED_ONLY = ("simulation-large", "simulation-laws")
"""Run only when asked for: they take long."""
BENCHMARKS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "help": help_time,
    "guard": guard,
    "scaling": scaling,
    "retail": retail,
    "importing": importing,
    "retrieval": retrieval,
    "serving": serving,
    "simulation": simulation,
    "simulation-large": simulation_large,
    "simulation-laws": laws,
    "dispatch-sqlite": sending("dispatch", "SQLite"),
    "dispatch-postgres": sending("dispatch", "Postgres"),
    "timers-sqlite": sending("timers", "SQLite"),
    "timers-postgres": sending("timers", "Postgres"),
    **{name: signals(name) for name in foresight.MODULES},
}

if __name__ == "__main__":
    typer.run(main)
