"""How the shipped text models are trained, and any of one's own: linear support vectors on NB-scaled n-grams.

NB-SVM: Wang & Manning, Baselines and bigrams, ACL 2012. Needs scikit-learn, which only training needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from agent.signals.text.features import EMOTIONS, INTENTS, KOREAN, Floats, Spec, features, restrict
from agent.signals.text.linear import Model


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted."""

    penalty: float = 0.1  # LinearSVC's C
    min_count: int = 2  # an n-gram seen in fewer texts is dropped
    ratio: bool = True  # scale each n-gram by its naive-Bayes log count ratio (NB-SVM)
    folds: int = 5  # for calibration and thresholds
    seed: int = 0


def train_binary(
    texts: Sequence[str],
    labels: ArrayLike,
    spec: Spec = KOREAN,
    recipe: Recipe = Recipe(),
    name: str = "positive",
    lexicons: Sequence[Mapping[str, float]] = (),
) -> Model:
    """A calibrated two-class model. A lexicon (word -> valence) adds one strong feature, folded into the word
    weights."""
    columns = np.asarray(labels, dtype=np.int64).reshape(-1, 1)
    return _calibrated("binary", (name,), texts, columns, spec, recipe, lexicons)


def train_multilabel(
    texts: Sequence[str], columns: ArrayLike, names: Sequence[str], spec: Spec = EMOTIONS, recipe: Recipe = Recipe()
) -> Model:
    """One calibrated model per 0/1 column, each with the threshold of the best F1 under cross-validation."""
    return _calibrated("labels", tuple(names), texts, np.asarray(columns, dtype=np.int64), spec, recipe, ())


def train_intents(
    texts: Sequence[str], labels: Sequence[str], spec: Spec = INTENTS, recipe: Recipe = Recipe(penalty=1.0, ratio=False)
) -> Model:
    """One-against-the-rest margins turned into probabilities by one temperature found under cross-validation."""
    from scipy.optimize import minimize_scalar

    names, codes = np.unique(np.asarray(labels), return_inverse=True)
    columns = (codes[:, None] == np.arange(len(names))).astype(np.int64)
    matrix, buckets = _kept(features(texts, spec), recipe.min_count, np.zeros(0, dtype=np.int32))
    held = _held_out(matrix, columns, recipe, strata=codes)
    weights, bias = _fit(matrix, columns, recipe)

    def loss(log_heat: float) -> float:
        scores = held * np.exp(log_heat)
        peak = scores.max(axis=1)
        return float(
            np.mean(peak + np.log(np.exp(scores - peak[:, None]).sum(axis=1)) - scores[np.arange(len(codes)), codes])
        )

    heat = float(np.exp(minimize_scalar(loss, bounds=(-3, 6), method="bounded").x))
    return Model(
        "intents",
        tuple(map(str, names)),
        spec,
        buckets,
        (weights * heat).astype(np.float32),
        (bias * heat).astype(np.float32),
        np.zeros(len(names), dtype=np.float32),
    )


def _calibrated(
    kind: str,
    names: tuple[str, ...],
    texts: Sequence[str],
    columns: NDArray[np.int64],
    spec: Spec,
    recipe: Recipe,
    lexicons: Sequence[Mapping[str, float]],
) -> Model:
    """Fits every column; the sigmoid's slope and shift come from held-out margins and are folded into weights and
    bias."""
    from sklearn.linear_model import LogisticRegression

    priors = [lexicon_weights(lexicon, spec) for lexicon in lexicons]
    wanted = np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *(prior[0] for prior in priors)]))
    matrix, buckets = _kept(features(texts, spec), recipe.min_count, wanted)
    directions = np.zeros((len(buckets), len(priors)), dtype=np.float32)
    for number, (where, valence) in enumerate(priors):
        directions[np.searchsorted(buckets, where), number] = valence
    held = _held_out(matrix, columns, recipe, directions)
    weights, bias = _fit(matrix, columns, recipe, directions)
    thresholds = np.full(len(names), 0.5)
    for number in range(len(names)):
        truth = columns[:, number]
        sigmoid = LogisticRegression(C=1e6).fit(held[:, [number]], truth)
        slope, shift = float(sigmoid.coef_[0, 0]), float(sigmoid.intercept_[0])
        weights[:, number] *= slope
        bias[number] = bias[number] * slope + shift
        if kind == "labels":
            thresholds[number] = best_threshold(1 / (1 + np.exp(-(held[:, number] * slope + shift))), truth)
    return Model(
        kind, names, spec, buckets, weights.astype(np.float32), bias.astype(np.float32), thresholds.astype(np.float32)
    )


def _kept(
    matrix: sparse.csr_array, least: int, wanted: NDArray[np.int32]
) -> tuple[sparse.csr_array, NDArray[np.int32]]:
    """The columns seen in at least `least` rows or `wanted`, and their bucket numbers."""
    often = np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]) >= least)
    buckets = np.union1d(often, wanted).astype(np.int32)
    return restrict(matrix, buckets), buckets


def _fit(
    matrix: sparse.csr_array, columns: NDArray[np.int64], recipe: Recipe, directions: NDArray[np.float32] | None = None
) -> tuple[Floats, Floats]:
    """Linear support vector weights and bias of each column, on NB-scaled features if the recipe says so."""
    from sklearn.svm import LinearSVC

    weights, bias = np.zeros((matrix.shape[1], columns.shape[1])), np.zeros(columns.shape[1])
    extra = None if directions is None or not directions.shape[1] else _LEXICON_STRENGTH * (matrix @ directions)
    for number, truth in enumerate(columns.T):
        if truth.min() == truth.max():  # a class without examples here: nothing to learn
            bias[number] = 2.0 * truth[0] - 1.0
            continue
        scale = _log_ratio(matrix, truth) if recipe.ratio else np.ones(matrix.shape[1], dtype=np.float32)
        scaled = sparse.csr_array(
            (matrix.data * scale[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape
        )
        if extra is not None:
            scaled = sparse.csr_array(sparse.hstack([scaled, sparse.csr_array(extra)], format="csr"))
        machine = LinearSVC(C=recipe.penalty, tol=0.01, random_state=recipe.seed).fit(scaled, truth)
        weights[:, number] = machine.coef_[0, : matrix.shape[1]] * scale
        if extra is not None and directions is not None:
            weights[:, number] += _LEXICON_STRENGTH * (directions @ machine.coef_[0, matrix.shape[1] :])
        bias[number] = machine.intercept_[0]
    return weights, bias


_LEXICON_STRENGTH = 3.0


def _log_ratio(matrix: sparse.csr_array, truth: NDArray[np.int64]) -> NDArray[np.float32]:
    """Naive Bayes: log of how much likelier an n-gram is among the positives, with one seen on each side beforehand."""
    owner = np.repeat(truth, np.diff(matrix.indptr)) == 1
    yes = np.bincount(matrix.indices[owner], minlength=matrix.shape[1]) + 1.0
    no = np.bincount(matrix.indices[~owner], minlength=matrix.shape[1]) + 1.0
    return np.asarray(np.log(yes / yes.sum() * (no.sum() / no)), dtype=np.float32)


def _held_out(
    matrix: sparse.csr_array,
    columns: NDArray[np.int64],
    recipe: Recipe,
    directions: NDArray[np.float32] | None = None,
    strata: NDArray[np.int64] | None = None,
) -> Floats:
    """Margins of every row from models that did not see it; each of the `strata` is spread evenly over the folds."""
    fold = np.random.default_rng(recipe.seed).permutation(matrix.shape[0]) % recipe.folds
    if strata is not None:
        fold[np.lexsort((fold, strata))] = np.arange(len(fold)) % recipe.folds
    margins = np.zeros(columns.shape)
    for number in range(recipe.folds):
        inside = fold != number
        weights, bias = _fit(matrix[inside], columns[inside], recipe, directions)
        margins[~inside] = matrix[~inside] @ weights + bias
    return margins


def best_threshold(chances: Floats, truth: NDArray[np.int64]) -> float:
    """The threshold of the highest F1."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
    best = int(f1.argmax())
    below = chances[order[best + 1]] if best + 1 < len(order) else 0.0
    return float((chances[order[best]] + below) / 2)


def lexicon_weights(
    lexicon: Mapping[str, float], spec: Spec, flip: float = -0.7
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Buckets of a lexicon's single words and of the same words under negation, with their valences (flipped when
    negated)."""
    words = sorted(word for word in lexicon if word.isalpha() and word.isascii())
    single = Spec(**{**asdict(spec), "chars": (0, 0), "jamo": (0, 0), "words": (1, 1)})
    plain = features(words, single)
    after = features([f"not {word}" for word in words], single)
    valence = np.array([lexicon[word] for word in words], dtype=np.float32)
    negator = features(["not"], single).indices[0]
    total: dict[int, float] = {}
    for row, value in enumerate(valence):
        for bucket in plain[[row]].indices:
            total.setdefault(int(bucket), float(value))
        for bucket in set(after[[row]].indices) - {negator} if spec.negation else ():
            total.setdefault(int(bucket), float(flip * value))
    where = np.array(sorted(total), dtype=np.int32)
    return where, np.array([total[bucket] for bucket in where], dtype=np.float32)
