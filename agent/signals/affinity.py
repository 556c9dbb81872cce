"""What goes with what, and what is bought next: item-based neighbours, and each customer's own repeats.

Baskets and customers are binary; the similarity of two products is the cosine of their columns, shrunk by the number of
those who have both (Sarwar et al., Item-based collaborative filtering, WWW 2001; shrinkage as in Koren & Bell, Advances
in collaborative filtering, 2011). Repeats decay with their age (Hu et al., TIFU-KNN, SIGIR 2020). How much each counts
is chosen on a later stretch of time than the one it was counted on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from agent.signals.purchases import Floats, Ints, Purchases, count, rank_within

SHRINK = 10.0
"""So many common buyers make a similarity count half."""
KEPT = 50
"""Neighbours kept for each product."""
HALF_LIFE = 90.0
"""Days after which a purchase counts half as a sign of the next."""
HORIZON = 30
LATELY_DAYS = 60
LISTED = 10
MOST_OF_A_ROW = 300
"""Products of one customer or basket that are compared with each other: the newest."""
DENSE = 8_000_000
"""Numbers that are held at once when customers are scored over all products."""
SAMPLED = 800
MIXES = tuple((own, near) for own in (0.0, 1.0, 4.0, 16.0) for near in (0.0, 0.25, 1.0, 4.0))
"""Weights of own repeats and of neighbours beside a weight of 1 for what everybody buys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affinity:
    """`similar` and `together` are product x product (sparse); `mix` the weights (own, near, popular); `slope` and
    `offset` turn a score into the chance of buying within 30 days. `recall` was measured on the last 30 days."""

    similar: Any
    together: Any
    mix: tuple[float, float]
    slope: float
    offset: float
    recall: float
    popular_recall: float


def fit(purchases: Purchases, cut: int) -> Affinity:
    """Fitted on purchases up to the day `cut`; the mix on the last 30 days of them."""
    known = purchases.bought().until(cut)
    earlier = known.until(cut - HORIZON)
    mix, slope, offset, recall, popular = (0.0, 1.0), 1.0, -3.0, 0.0, 0.0
    if len(earlier.who) and len(known.who) > len(earlier.who):
        mix, slope, offset, recall, popular = _choose(earlier, known, cut)
    return Affinity(
        similar=neighbours(_matrix(known.who, known.what, known.customers, known.products)),
        together=neighbours(_matrix(known.order, known.what, _size(known.order), known.products)),
        mix=mix,
        slope=slope,
        offset=offset,
        recall=recall,
        popular_recall=popular,
    )


def neighbours(rows: Any) -> Any:
    """Product x product: cosine of two products' columns, shrunk, the best `KEPT` of each; none with itself."""
    both = (rows.T @ rows).tocsr().astype(np.float64)
    norm = np.sqrt(np.maximum(both.diagonal(), 1.0))
    both.setdiag(0)
    both.eliminate_zeros()
    shared = both.data.copy()
    left = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
    both.data = shared / (norm[left] * norm[both.indices]) * shared / (shared + SHRINK)
    return _best(both, KEPT)


def _best(matrix: Any, keep: int) -> Any:
    """The greatest `keep` of each row."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, rows))
    rank = np.arange(len(order)) - matrix.indptr[rows]
    best = order[rank < keep]
    return sparse.csr_matrix((matrix.data[best], (rows[best], matrix.indices[best])), shape=matrix.shape)


def _matrix(left: Ints, right: Ints, rows: int, columns: int, most: int = MOST_OF_A_ROW) -> Any:
    """Rows x columns of ones; of each row only the newest `most`: a wholesaler who buys everything says little of what
    goes with what, at the cost of the square of it."""
    newest = np.unique((left * max(1, columns) + right)[::-1], return_index=True)
    pairs = newest[0][np.argsort(newest[1], kind="stable")]
    order = np.argsort(pairs // max(1, columns), kind="stable")
    rank = rank_within((pairs // max(1, columns))[order])
    pairs = pairs[order][rank < most]
    ones = np.ones(len(pairs))
    return sparse.csr_matrix((ones, (pairs // max(1, columns), pairs % max(1, columns))), shape=(rows, columns))


def _size(codes: Ints) -> int:
    return int(codes.max()) + 1 if len(codes) else 0


def own(purchases: Purchases, cut: int) -> Any:
    """Customer x product: purchases, each halved for every `HALF_LIFE` days of age."""
    weight = 0.5 ** ((cut - purchases.day) / HALF_LIFE)
    shape = (purchases.customers, purchases.products)
    return sparse.csr_matrix((weight, (purchases.who, purchases.what)), shape=shape)


def parts(purchases: Purchases, cut: int, similar: Any) -> tuple[Any, Any, Floats]:
    """(own repeats, what is near to them, what everybody buys), each at most about 1, to be mixed."""
    mine = own(purchases, cut)
    seen = mine.copy()
    seen.data = np.minimum(seen.data, 1.0)
    lately = purchases.where(purchases.day > cut - LATELY_DAYS)
    sold = count(lately.what, purchases.products)
    return mine, seen @ similar, sold / max(1.0, float(sold.max(initial=1.0)))


def scores(mine: Any, near: Any, popular: Floats, mix: tuple[float, float], rows: Ints) -> Floats:
    """Dense scores of some customers over all products."""
    return mixed(*dense(mine, near, rows), popular, mix)


def dense(mine: Any, near: Any, rows: Ints) -> tuple[Floats, Floats]:
    """Some customers' rows, each saturating: ten purchases are not ten times one."""
    return _saturated(mine[rows].toarray()), _saturated(near[rows].toarray())


def mixed(mine: Floats, near: Floats, popular: Floats, mix: tuple[float, float]) -> Floats:
    return mix[0] * mine + mix[1] * near + popular


def _saturated(weight: Floats) -> Floats:
    return np.asarray(weight / (1.0 + weight))


def _choose(earlier: Purchases, known: Purchases, cut: int) -> tuple[tuple[float, float], float, float, float, float]:
    """The mix with the best recall of the next 30 days' products, measured on `SAMPLED` customers who bought."""
    then = cut - HORIZON
    later = known.where(known.day > then)
    truth = _matrix(later.who, later.what, known.customers, known.products, known.products)
    buyers = np.intersect1d(np.unique(later.who), np.unique(earlier.who))
    sampled = max(1, min(SAMPLED, DENSE // max(1, known.products)))
    rows = buyers[:: max(1, len(buyers) // sampled)]
    if not len(rows):
        return (1.0, 1.0), 1.0, -3.0, 0.0, 0.0
    similar = neighbours(_matrix(earlier.who, earlier.what, earlier.customers, earlier.products))
    mine, near, popular = parts(earlier, then, similar)
    wanted = truth[rows].toarray() > 0
    best, found = (0.0, 0.0), -1.0
    own_, near_ = dense(mine, near, rows)
    plain = recall_at(mixed(own_, near_, popular, (0.0, 0.0)), wanted)
    for mix in MIXES:
        hit = recall_at(mixed(own_, near_, popular, mix), wanted)
        if hit > found + 1e-9:
            best, found = mix, hit
    everyone = np.unique(earlier.who)
    sample = everyone[:: max(1, len(everyone) // sampled)]
    slope, offset = _calibrate(scores(mine, near, popular, best, sample), truth[sample].toarray() > 0)
    return best, slope, offset, found, plain


def recall_at(found: Floats, wanted: Any, listed: int = LISTED) -> float:
    """Mean over customers of the share of bought products among the first `listed`, of as many as could be listed."""
    top = np.argpartition(-found, min(listed, found.shape[1] - 1), axis=1)[:, :listed]
    hits = np.take_along_axis(wanted, top, axis=1).sum(axis=1)
    return float(np.mean(hits / np.maximum(1, np.minimum(listed, wanted.sum(axis=1)))))


def _calibrate(found: Floats, bought: Any) -> tuple[float, float]:
    """Logistic regression of buying on the logarithm of the score, over each customer's first `LISTED` products."""
    from scipy.optimize import minimize

    top = np.argpartition(-found, min(LISTED, found.shape[1] - 1), axis=1)[:, :LISTED]
    x = np.log(np.maximum(np.take_along_axis(found, top, axis=1), 1e-6)).ravel()
    y = np.take_along_axis(bought, top, axis=1).ravel().astype(np.float64)

    def loss(w: Floats) -> float:
        z = w[0] * x + w[1]
        return float(np.mean(np.logaddexp(0, z) - y * z) + 1e-4 * w[0] ** 2)

    solved = minimize(loss, np.array([1.0, -2.0]), method="Nelder-Mead")
    return float(solved.x[0]), float(solved.x[1])


def chance(fitted: Affinity, score: Floats) -> Floats:
    """The chance of buying within 30 days that a score stands for."""
    z = fitted.slope * np.log(np.maximum(score, 1e-6)) + fitted.offset
    return np.asarray(1.0 / (1.0 + np.exp(-z)))
