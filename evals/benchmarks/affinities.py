"""What is bought next: recall of the next 30 days' products on online_retail, beside `implicit`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from agent.signals import affinity
from agent.signals.purchases import Floats, Ints, Purchases, count
from evals.benchmarks import judging, sets
from evals.benchmarks.judging import Row

FILES = ("online_retail/online_retail.csv.gz",)
NEIGHBOURS = 50


def figures(data: Path) -> Iterator[Row]:
    """Of customers who had bought before and bought again in the last 30 days: the share of what they bought (of ten at
    most) among the ten products listed first. Fitted without these 30 days."""
    purchases = sets.purchases(data)
    cut = int(purchases.day.max()) - affinity.HORIZON
    started = time.perf_counter()
    made = affinity.fit(purchases, cut)
    took = time.perf_counter() - started
    bought = purchases.bought()
    known, later = bought.until(cut), bought.where(bought.day > cut)
    rows = np.intersect1d(np.unique(later.who), np.unique(known.who))
    wanted = binary(later)[rows].toarray() > 0
    mine, near, popular = affinity.parts(known, cut, made.similar)
    ours = _hits(_first(affinity.scores(mine, near, popular, made.mix, rows)), wanted)
    peers = dict(_simple(known, popular, rows, wanted))
    if judging.peer("implicit") is None:
        yield judging.absent("implicit")
    else:
        peers |= _implicit(known, rows, wanted)
    rival = judging.best(((name, float(hit.mean())) for name, hit in peers.items()), greatest=True)
    yield f"fit on {len(known.who):,} lines", f"{took:.1f} s", "-"
    yield (
        f"recall@10 of {len(rows):,} customers, ours {made.mix}",
        f"{ours.mean():.4f}",
        f"{peers[rival].mean():.4f} ({rival})",
    )
    for name, hit in peers.items():
        yield f"  {name}", f"{hit.mean():.4f}", "-"
        yield f"    ours - {name}", judging.of_rows(ours - hit), "> 0"
    yield "  what the fit itself foretold of its recall", f"{made.recall:.4f}", f"{ours.mean():.4f}"


def binary(lines: Purchases) -> Any:
    """Customer x product: 1 where bought."""
    found = counted(lines)
    found.data[:] = 1.0
    return found


def counted(lines: Purchases) -> Any:
    """Customer x product: in how many lines."""
    shape = (lines.customers, lines.products)
    return sparse.csr_matrix((np.ones(len(lines.who)), (lines.who, lines.what)), shape=shape)


def _first(found: Floats) -> Ints:
    return np.argpartition(-found, affinity.LISTED, axis=1)[:, : affinity.LISTED]


def _hits(listed: Ints, wanted: Any) -> Floats:
    """The recall of each customer."""
    hits = np.take_along_axis(wanted, listed, axis=1).sum(axis=1)
    return np.asarray(hits / np.minimum(affinity.LISTED, wanted.sum(axis=1)), dtype=np.float64)


def _simple(known: Purchases, popular: Floats, rows: Ints, wanted: Any) -> Iterator[tuple[str, Floats]]:
    """What everybody buys, and what each has bought most often."""
    everybody = np.broadcast_to(popular, (len(rows), known.products))
    yield "what sold most in 60 days", _hits(_first(everybody), wanted)
    often = counted(known)[rows].toarray() + 0.5 * count(known.what, known.products) / len(known.what)
    yield "own most frequent", _hits(_first(often), wanted)


def _implicit(known: Purchases, rows: Ints, wanted: Any) -> Iterator[tuple[str, Floats]]:
    """The library's models at their usual settings; the better of listing and of leaving out what they have."""
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender

    lines = counted(known)
    for name, model, matrix in (
        ("implicit, cosine", CosineRecommender(K=NEIGHBOURS, num_threads=1), binary(known)),
        ("implicit, BM25", BM25Recommender(K=NEIGHBOURS, num_threads=1), lines),
        ("implicit, ALS", AlternatingLeastSquares(factors=64, iterations=15, random_state=0, num_threads=1), lines),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(matrix, show_progress=False)
        tried = []
        for left_out in (False, True):
            listed, _ = model.recommend(rows, matrix[rows], N=affinity.LISTED, filter_already_liked_items=left_out)
            tried.append(_hits(np.asarray(listed, dtype=np.int64), wanted))
        yield name, max(tried, key=lambda hit: float(hit.mean()))
