"""When a product is needed again: the last gap of each pair, and whether it is bought again within a month, on
online_retail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agent.signals.purchases import group_starts
from agent.signals.replenishment.again import chance_rows, stack_chance
from agent.signals.replenishment.gaps import (
    SETTINGS,
    GapModel,
    customer_folds,
    fit_gap,
    latest_finished,
    predict_gap,
)
from agent.signals.replenishment.history import (
    Array,
    History,
    build_history,
    lag_gaps,
    next_gap,
    purchases_before,
    subset,
)
from agent.signals.replenishment.pace import customer_pace, features, row_median
from agent.signals.replenishment.shrinkage import predict_shrinkage
from agent.signals.tabular import model as tabular
from agent.signals.tabular.measures import auc
from evals.benchmarks import judging, sets
from evals.benchmarks.judging import Row
from evals.benchmarks.tables import boosted, logistic, losses

FILES = ("online_retail/online_retail.csv.gz",)
FOLDS, ROUNDS, LAGS = 5, 200, 40
OURS, SHRUNK, PEER = "ours", "log-normal shrinkage (ours, without boosting)", "LightGBM L1 on raw gaps"
TO_BEAT = {2: "MAE 28.4, median 18.0 (LightGBM L1)", 1: "-", 0: "-"}
CUTS = ("2011-08-10", "2011-09-09")
CUT = "2011-10-09"
PEERS_COLUMNS = ("since", "mean", "count", "rate")


def figures(data: Path) -> Iterator[Row]:
    """Products whose code starts with a digit: postage and vouchers are not used up."""
    lines = sets.retail_lines(data)
    goods = np.array([code[0].isdigit() for code in lines.code])[lines.what]
    history = build_history(lines.who[goods], lines.what[goods], lines.day[goods], lines.quantity[goods])
    yield from _gaps(history)
    yield from _again(history)


@dataclass(slots=True)
class _Found:
    """Days predicted for each row, by method; NaN where a method says nothing."""

    days: dict[str, Array]
    low: Array
    high: Array
    rows: int = field(default=0)

    def put(self, name: str, at: Array, days: Array) -> None:
        self.days.setdefault(name, np.full(self.rows, np.nan))[at] = days


def _gaps(history: History) -> Iterator[Row]:
    """The last finished gap of each pair, as of the purchase before; whoever is judged was not learned from."""
    gap, before = next_gap(history), purchases_before(history)
    rows = np.flatnonzero(latest_finished(history))
    fold = customer_folds(history, FOLDS, 0)
    nothing = np.full(len(history), np.nan)
    found = _Found({}, nothing.copy(), nothing.copy(), len(history))
    for number in range(FOLDS):
        _predict(history, rows[fold[rows] == number], fold != number, found)
    for least, title in ((2, "4 purchase days and more"), (1, "3 purchase days"), (0, "2 purchase days")):
        some = rows[before[rows] >= 2] if least == 2 else rows[before[rows] == least]
        yield f"last gap, pairs with {title}", f"{len(some):,}", "12,048" if least == 2 else "-"
        yield from _compared(found, gap, some, history.customer[some], TO_BEAT[least])


def _predict(history: History, held: Array, train: Array, found: _Found) -> None:
    made = fit_gap(subset(history, train))
    days = predict_gap(made, history, held)
    found.low[held], found.high[held] = days[:, 0], days[:, 2]
    found.put(OURS, held, days[:, 1])
    found.put(SHRUNK, held, _shrunk(made, history, held))
    for name, simple in _simple(history, held, train).items():
        found.put(name, held, simple)
    if judging.peer("lightgbm") is not None:
        before = purchases_before(history)
        full = held[before[held] >= 2]
        known = np.flatnonzero(latest_finished(history) & train & (before >= 2))
        found.put(PEER, full, _peer(history, full, known, train))


def _shrunk(made: GapModel, history: History, rows: Array) -> Array:
    columns = features(history, rows, made.products, customer_pace(history))
    return np.asarray(predict_shrinkage(made.shrinkage, columns)[:, 1])


def _simple(history: History, rows: Array, train: Array) -> dict[str, Array]:
    """Medians: of the product over customers that were learned from, of the pair, and of the customer so far."""
    gap = next_gap(history)
    done = np.flatnonzero(~np.isnan(gap))
    learned = done[train[done]]
    overall = float(np.median(gap[learned]))
    product = _medians(history.product[learned], gap[learned])
    usual = np.array([product.get(int(what), overall) for what in history.product[rows]])
    personal = np.exp(row_median(lag_gaps(history, rows, LAGS)))
    starts, theirs = group_starts(history.customer[done]), history.customer[done]
    ends = dict(zip(theirs[starts].tolist(), np.append(starts[1:], len(done)).tolist(), strict=True))
    begins = dict(zip(theirs[starts].tolist(), starts.tolist(), strict=True))
    paced = usual.copy()
    for at, row in enumerate(rows.tolist()):
        who = int(history.customer[row])
        if who in begins:
            mine = done[begins[who] : ends[who]]
            seen = gap[mine][history.day[mine + 1] <= history.day[row]]
            paced[at] = np.median(seen) if len(seen) else usual[at]
    return {
        "product median": usual,
        "personal median": np.where(np.isnan(personal), usual, personal),
        "customer median over products": paced,
    }


def _medians(keys: Array, values: Array) -> dict[int, float]:
    order = np.argsort(keys, kind="stable")
    starts = group_starts(keys[order])
    parts = np.split(values[order], starts[1:])
    return {int(keys[order][at]): float(np.median(part)) for at, part in zip(starts, parts, strict=True)}


def _peer(history: History, rows: Array, known: Array, train: Array) -> Array:
    """LightGBM with absolute error on the latest gaps alone: last, second, mean, least, greatest, spread, medians."""
    import lightgbm

    both = np.concatenate([known, rows])
    lag = np.exp(lag_gaps(history, both, LAGS))
    summary = [np.nanmean(lag, 1), np.nanmin(lag, 1), np.nanmax(lag, 1), np.nanstd(lag, 1), (~np.isnan(lag)).sum(1)]
    matrix = np.column_stack([*_simple(history, both, train).values(), lag[:, 0], lag[:, 1], *summary])
    settings = {
        "objective": "l1",
        "learning_rate": 0.05,
        "num_leaves": 15,
        "min_data_in_leaf": 50,
        "verbosity": -1,
        "num_threads": SETTINGS["num_threads"],
    }
    lessons = lightgbm.Dataset(matrix[: len(known)], next_gap(history)[known])
    return np.asarray(lightgbm.train(settings, lessons, ROUNDS).predict(matrix[len(known) :]))


def _compared(found: _Found, gap: Array, rows: Array, customer: Array, to_beat: str) -> Iterator[Row]:
    truth = gap[rows]
    mine = np.abs(found.days[OURS][rows] - truth)
    for name, days in found.days.items():
        error = np.abs(days[rows] - truth)
        if np.isnan(error).any() or (name == SHRUNK and to_beat == "-"):  # nothing is boosted there: it is ours
            continue
        measured = f"MAE {error.mean():.2f} median {np.median(error):.1f} in 7 days {(error <= 7).mean():.3f}"
        yield f"  {name}", measured, to_beat if name == OURS else "-"
        if name != OURS:
            yield f"    MAE: ours - {name}", judging.of_customers(mine - error, customer, 2), "< 0"
    low, high = found.low[rows], found.high[rows]
    inside = (truth >= low) & (truth <= high)
    width = high - low
    place = np.searchsorted(np.quantile(width, [1 / 3, 2 / 3]), width)
    thirds = " / ".join(f"{inside[place == third].mean():.3f}" for third in range(3))
    yield "  80 % interval covers", f"{inside.mean():.3f}", ".80"
    yield "    by thirds of its width", thirds, ".80 each"
    yield "    median width", f"{np.median(width):.0f} days", "-"


def _again(history: History) -> Iterator[Row]:
    """Bought again within 30 days of the cut: of pairs with three purchase days, learned at earlier cuts."""
    unseen, came, (customer, _) = chance_rows(history, sets.day(CUT))
    columns, label, who = stack_chance(history, [sets.day(cut) for cut in CUTS])
    made = tabular.fit(columns, label, groups=who)
    ours = tabular.predict(made, unseen)
    yield f"bought again within 30 days of {CUT}", f"{len(came):,} pairs, rate {came.mean():.3f}", "-"
    yield f"  {OURS}", _measures(came, ours), "AUC .692, log-loss .508 (logistic)"
    yield "  purchase rate alone", f"AUC {auc(came, unseen['rate']):.4f}", "-"
    if judging.peer("sklearn") is None:
        yield judging.absent("scikit-learn")
        return
    one, later, _ = chance_rows(history, sets.day(CUTS[-1]))
    few = {column: one[column] for column in PEERS_COLUMNS}
    for name, fit, known, told in (
        ("logistic, 4 log columns, one cut", logistic, few, later),
        ("logistic, our columns and cuts", logistic, columns, label),
        ("HistGradientBoosting, our columns and cuts", boosted, columns, label),
    ):
        chance = fit(known, told, {column: unseen[column] for column in known})
        yield f"  {name}", _measures(came, chance), "-"
        loss = losses(came, ours) - losses(came, chance)
        yield f"    log-loss: ours - {name}", judging.of_customers(loss, customer), "< 0"


def _measures(came: Array, chance: Array) -> str:
    return f"AUC {auc(came, chance):.4f} log-loss {losses(came, chance).mean():.4f}"
