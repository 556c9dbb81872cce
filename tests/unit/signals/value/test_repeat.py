"""Models of repeat buying: their laws, and parameters that are known."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from agent.signals.purchases import visits_of
from agent.signals.table import Table, counts
from agent.signals.value import repeat
from agent.signals.value.repeat import KINDS, Kind, Repeat

DATA = Path(os.environ.get("TACTFUL_DATA", Path(__file__).parents[5] / "shared" / "data"))


def crowd(size: int = 1_500, weeks: int = 52, seed: int = 1, leaves: bool = True) -> Table:
    """Customers with gamma rates who leave after a gamma-exponential time: the world of the Pareto/NBD."""
    draw = np.random.Generator(np.random.Philox(seed))
    rate, death = draw.gamma(0.8, 1 / 40.0, size), draw.gamma(0.6, 1 / 120.0, size)
    who, day = [], []
    for number in range(size):
        first = int(draw.integers(0, 90))
        ends = first + (draw.exponential(1 / max(death[number], 1e-9)) if leaves else 1e9)
        at = float(first)
        while at <= min(weeks * 7, ends):
            who.append(number)
            day.append(int(at))
            at += draw.exponential(1 / max(rate[number], 1e-9))
    days = visits_of(np.array(who), np.array(day) + 1, np.ones(len(who)), size)
    return counts(days, weeks * 7, 90)


@pytest.mark.parametrize("kind", KINDS)
def test_more_recent_and_more_frequent_is_likelier_alive_and_buys_more(kind: Kind) -> None:
    rows = crowd()
    model = repeat.fit(kind, rows)
    same = Table(
        who=np.arange(3),
        columns={
            "days": np.array([5.0, 5.0, 5.0]),
            "recency": np.array([10.0, 100.0, 200.0]),
            "tenure": np.array([300.0] * 3),
        },
        span=rows.span,
    )
    count, alive = repeat.expected(model, same, 90)
    assert (np.diff(alive) < 0).all()
    assert (np.diff(count) < 0).all()
    assert ((alive > 0) & (alive <= 1)).all()
    assert (np.diff([repeat.expected(model, same, days)[0].sum() for days in (30, 90, 365)]) > 0).all()


def test_the_pareto_finds_a_crowd_of_its_own_world() -> None:
    rows = crowd(4_000)
    model = repeat.fit("pareto", rows)
    r, alpha, s, beta = model.parameters
    assert r == pytest.approx(0.8, rel=0.2)
    assert alpha * model.scale == pytest.approx(40, rel=0.3)
    assert s / (beta * model.scale) == pytest.approx(0.6 / 120, rel=0.6)
    assert model.note == ""


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_leaves_that_is_noticed(kind: Kind) -> None:
    rows = crowd(800, leaves=False)
    model = repeat.fit(kind, rows)
    _, alive = repeat.expected(model, rows, 90)
    assert model.note == "no_dropout"
    assert alive.mean() > 0.9


def test_the_published_parameters_of_cdnow_are_found() -> None:
    """Fader, Hardie & Lee (2005), table 2: r .243, alpha 4.414 (weeks), a .793, b 2.426."""
    path = DATA / "cdnow" / "cdnow_customers_summary.csv"
    if not path.exists():
        pytest.skip("cdnow is not here: set TACTFUL_DATA")
    body = np.genfromtxt(path, delimiter=",", names=True)
    frequency, recency, age = (body[name] for name in list(body.dtype.names or ())[1:4])
    rows = Table(
        who=np.arange(len(body)),
        columns={"days": frequency + 1, "recency": (age - recency) * 7, "tenure": age * 7},
        span=39 * 7,
    )
    found = repeat.fit("bg", rows)
    r, alpha, a, b = found.parameters
    assert r == pytest.approx(0.243, abs=0.01)
    assert alpha * found.scale / 7 == pytest.approx(4.414, abs=0.2)
    assert a == pytest.approx(0.793, abs=0.12)
    assert b == pytest.approx(2.426, abs=0.5)


def test_a_likelihood_is_the_integral_that_it_stands_for() -> None:
    """The Pareto/NBD's two terms against plain numerical integration over rate and time of leaving."""
    model = Repeat(kind="pareto", parameters=(0.8, 4.0, 0.6, 9.0), scale=1.0)
    r, alpha, s, beta = model.parameters
    x, tx, age = 3.0, 12.0, 20.0
    time = np.linspace(tx, age, 20_001)
    gone = np.trapezoid((alpha + time) ** -(r + x) * s * beta**s * (beta + time) ** -(s + 1), time)
    alive = (alpha + age) ** -(r + x) * (beta / (beta + age)) ** s
    table = Table(
        who=np.arange(1),
        columns={"days": np.array([x + 1]), "recency": np.array([age - tx]), "tenure": np.array([age])},
        span=40,
    )
    assert repeat.expected(model, table, 5)[1][0] == pytest.approx(alive / (alive + gone), rel=1e-4)
