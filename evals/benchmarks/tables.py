"""Churn and response from a table, beside scikit-learn: telco in random folds, bank in time order and in random
folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.signals.purchases import Floats, Ints
from agent.signals.tabular import model as tabular
from agent.signals.tabular.columns import Array, drop_columns, parse_column, take
from agent.signals.tabular.drift import Moved, drift, prequential
from agent.signals.tabular.measures import auc, ece
from evals.benchmarks import judging, sets
from evals.benchmarks.judging import Row

FILES = ("telco_churn/Telco-Customer-Churn.csv", "bank_marketing/bank-additional-full.csv.gz")
FOLDS, SEEDS, DRAWS = 5, 5, 200
SMALL, TRIES = 200, 4
BLOCK = 412
LEFT_OUT = ("gender", "SeniorCitizen")
OURS, BOOSTED, LOGISTIC = "ours", "HistGradientBoosting small", "logistic of scikit-learn"
Columns = dict[str, Array]


def figures(data: Path) -> Iterator[Row]:
    """AUC, log-loss and calibration error of ours and of each peer, and paired differences."""
    if judging.peer("sklearn") is None:
        yield judging.absent("scikit-learn")
    telco, left = _parsed(sets.telco(data))
    to_beat = "AUC .8467, log-loss .4139, ECE .008 (HistGradientBoosting small)"
    yield from _in_folds("telco", telco, left, SEEDS, to_beat)
    plain = drop_columns(telco, LEFT_OUT)
    yield from _in_folds("telco without gender and age", plain, left, SEEDS, "as well as with them")
    bank, agreed = _parsed(sets.bank(data))
    yield from _in_time(bank, agreed)
    to_beat = "AUC .8039, log-loss .2698, ECE .0035 (HistGradientBoosting)"
    yield from _in_folds("bank, random folds", bank, agreed, 1, to_beat)


def _parsed(found: tuple[dict[str, list[str]], Ints]) -> tuple[Columns, Floats]:
    columns, label = found
    return {name: parse_column(values) for name, values in columns.items()}, label.astype(np.float64)


@dataclass(slots=True)
class _Alarms:
    """How often drift is raised where nothing has moved: on whole folds, and on samples of them."""

    folds: int = 0
    samples: int = 0


def _in_folds(title: str, columns: Columns, label: Floats, seeds: int, to_beat: str) -> Iterator[Row]:
    """Random folds, several times over; every row is predicted by models that did not see it."""
    peers = _peers()
    chances: dict[str, list[Floats]] = {name: [] for name in (OURS, *peers)}
    alarms, shares = _Alarms(), Counter[float]()
    for seed in range(seeds):
        fold = np.random.default_rng(seed).permutation(len(label)) % FOLDS
        found = {name: np.empty(len(label)) for name in chances}
        for number in range(FOLDS):
            train, held = fold != number, fold == number
            known, unseen = take(columns, train), take(columns, held)
            made = tabular.fit(known, label[train])
            found[OURS][held] = tabular.predict(made, unseen)
            shares[made.share] += 1
            _watch(made, columns, label, np.flatnonzero(held), alarms)
            for name, fit in peers.items():
                found[name][held] = fit(known, label[train], unseen)
        for name, chance in found.items():
            chances[name].append(chance)
    yield f"{title}, ours", _measures(label, chances[OURS]), to_beat
    yield "  share of the trees: how often", ", ".join(f"{s:g}: {n}" for s, n in sorted(shares.items())), "-"
    for name in peers:
        yield f"  {name}", _measures(label, chances[name]), "-"
        yield from _differences(name, label, chances[OURS], chances[name])
    yield f"  false alarms of drift in {seeds * FOLDS} folds", str(alarms.folds), "0"
    yield f"    in {seeds * FOLDS * TRIES} samples of {SMALL}", str(alarms.samples), "0"


def _watch(made: tabular.Model, columns: Columns, label: Floats, held: Ints, alarms: _Alarms) -> None:
    alarms.folds += _moved(made, take(columns, held), label[held]).raised
    for seed in range(TRIES):
        some = np.random.default_rng(seed).permutation(held)[:SMALL]
        alarms.samples += _moved(made, take(columns, some), label[some]).raised


def _moved(made: tabular.Model, columns: Columns, label: Floats | None = None) -> Moved:
    return drift(made.reference, made.encoder, columns, tabular.predict(made, columns), label)


def _in_time(columns: Columns, label: Floats) -> Iterator[Row]:
    """The first 80 % predict the last 20 %, where the rate is three times as high; then with labels that come in."""
    cut = int(0.8 * len(label))
    known, unseen, came = take(columns, slice(0, cut)), take(columns, slice(cut, None)), label[cut:]
    made = tabular.fit(known, label[:cut], in_time=True)
    score = tabular.scores(made, unseen)
    fixed, live = tabular.predict(made, unseen), prequential(score, came, BLOCK)
    title = "bank, first 80 % -> last 20 %"
    yield f"{title}, ours", _measures(came, [fixed]), "AUC .7483, log-loss .5704, ECE .094 (logistic)"
    yield f"  with the labels of earlier blocks of {BLOCK}", _measures(came, [live]), "better than without"
    for name, fit in _peers().items():
        chance = fit(known, label[:cut], unseen)
        yield f"  {name}", _measures(came, [chance]), "-"
        yield from _differences(name, came, [fixed], [chance])
    for said, moved in (("with labels", _moved(made, unseen, came)), ("without labels", _moved(made, unseen))):
        causes = ", ".join(moved.causes)
        yield f"  drift {said}", f"{'raised' if moved.raised else 'not raised'}: {causes}", "raised"


def _peers() -> dict[str, Callable[[Columns, Floats, Columns], Floats]]:
    return {} if judging.peer("sklearn") is None else {BOOSTED: boosted, LOGISTIC: logistic}


def _named(columns: Columns, numeric: bool) -> list[str]:
    return [name for name, values in columns.items() if (values.dtype.kind == "f") == numeric]


def boosted(known: Columns, label: Floats, unseen: Columns) -> Floats:
    """scikit-learn's boosted trees, kept small: 150 of 8 leaves."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    names = set(_named(known, numeric=False))
    left, right = [], []
    for name, values in known.items():
        if name in names:
            code = {level: float(at) for at, level in enumerate(sorted(set(values.tolist())))}
            left.append(np.array([code[value] for value in values.tolist()]))
            right.append(np.array([code.get(value, np.nan) for value in unseen[name].tolist()]))
        else:
            left.append(values)
            right.append(unseen[name])
    model = HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.05,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        categorical_features=[name in names for name in known],
        random_state=0,
    ).fit(np.column_stack(left), label)
    return np.asarray(model.predict_proba(np.column_stack(right))[:, 1])


def logistic(known: Columns, label: Floats, unseen: Columns) -> Floats:
    """scikit-learn's logistic regression: numbers standardised, names one-hot."""
    from scipy import sparse
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    parts: list[tuple[Array, Array]] = []
    numbers, names = _named(known, numeric=True), _named(known, numeric=False)
    if numbers:
        scaled = make_pipeline(SimpleImputer(), StandardScaler())
        left = scaled.fit_transform(np.column_stack([known[name] for name in numbers]))
        right = scaled.transform(np.column_stack([unseen[name] for name in numbers]))
        parts.append((sparse.csr_matrix(left), sparse.csr_matrix(right)))
    if names:
        coded = OneHotEncoder(handle_unknown="ignore")
        left = coded.fit_transform(np.column_stack([known[name].astype(str) for name in names]))
        parts.append((left, coded.transform(np.column_stack([unseen[name].astype(str) for name in names]))))
    x, z = (sparse.hstack([pair[side] for pair in parts], format="csr") for side in (0, 1))
    return np.asarray(LogisticRegression(max_iter=2000).fit(x, label).predict_proba(z)[:, 1])


def losses(label: Floats, chance: Floats) -> Floats:
    """The log-loss of each row."""
    safe = np.clip(chance, 1e-12, 1 - 1e-12)
    return np.asarray(-(label * np.log(safe) + (1 - label) * np.log(1 - safe)))


def _measures(label: Floats, chances: Sequence[Floats]) -> str:
    rows = [(auc(label, chance), float(losses(label, chance).mean()), ece(label, chance)) for chance in chances]
    area, loss, off = np.mean(rows, axis=0)
    return f"AUC {area:.4f} log-loss {loss:.4f} ECE {off:.4f}"


def _differences(name: str, label: Floats, ours: Sequence[Floats], theirs: Sequence[Floats]) -> Iterator[Row]:
    """Means over the repeats; rows are drawn again, the same ones for both."""

    def area(rows: Ints) -> float:
        pairs = zip(ours, theirs, strict=True)
        return float(np.mean([auc(label[rows], a[rows]) - auc(label[rows], b[rows]) for a, b in pairs]))

    pairs = zip(ours, theirs, strict=True)
    loss = np.mean([losses(label, a) - losses(label, b) for a, b in pairs], axis=0)
    every = np.arange(len(label))
    measured = judging.said(area(every), judging.interval(area, len(label), DRAWS))
    yield f"    AUC: ours - {name}", measured, "> 0"
    yield f"    log-loss: ours - {name}", judging.of_rows(loss), "< 0"
