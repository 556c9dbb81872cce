"""The shipped text models and their training, each beside a peer: accuracy, size and speed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.signals.purchases import Floats, Ints
from agent.signals.text.features import INTENTS
from agent.signals.text.linear import Model
from agent.signals.text.shipped import cards, shipped
from agent.signals.text.training import Recipe, best_threshold, train_intents
from evals.benchmarks import judging, sets
from evals.benchmarks.judging import Row

FILES = ("nsmc/ratings_test.txt.gz", "kote/test.tsv", "reviews_en/amazonReviewSnippets_GroundTruth.txt", "banking77")
CLEAR = 0.5
"""Snippets that people rated nearer to nought are neither praise nor blame."""
SEEDS, CHECKS = 5, 5


def figures(data: Path) -> Iterator[Row]:
    """Korean and English sentiment, Korean feelings, intents; then what all of them take up."""
    yield from _korean(data)
    yield from _english(data)
    yield from _feelings(data)
    yield from _intents(data)
    yield "all shipped text models", f"{sum(card.bytes for card in cards().values()):,} bytes", "-"


def _pace(model: Model, texts: Sequence[str]) -> str:
    """Texts a second, best of three."""
    times = []
    for _run in range(3):
        started = time.perf_counter()
        model.probabilities(texts)
        times.append(time.perf_counter() - started)
    return f"{len(texts) / min(times):,.0f}/s"


def _alone(model: Model, texts: Sequence[str]) -> str:
    """Milliseconds of a text scored by itself."""
    started = time.perf_counter()
    for text in texts[:300]:
        model.probabilities([text])
    return f"{(time.perf_counter() - started) / 300 * 1e3:.2f} ms"


def _right(chance: Floats, truth: Ints) -> Floats:
    return np.asarray((chance > 0.5) == (truth == 1), dtype=np.float64)


def _off(chance: Floats, truth: Ints) -> float:
    from agent.signals.tabular.measures import ece

    return ece(truth.astype(np.float64), chance)


def _korean(data: Path) -> Iterator[Row]:
    texts, truth = sets.nsmc(data, "test")
    model = shipped("sentiment-ko")
    chance = model.probabilities(texts)[:, 0]
    yield f"NSMC, {len(texts):,} reviews: accuracy", f"{_right(chance, truth).mean():.4f}", ".8773 (NB-SVM, 1.4 MB)"
    yield "  calibration error", f"{_off(chance, truth):.4f}", "-"
    yield "  artefact", f"{cards()['sentiment-ko'].bytes:,} bytes", "1,400,000 bytes"
    yield "  texts scored together / one alone", f"{_pace(model, texts)}, {_alone(model, texts)}", "3,000/s (NB-SVM)"


def _english(data: Path) -> Iterator[Row]:
    """VADER's Amazon snippets: none of our training texts is among them."""
    every, ratings = sets.snippets(data)
    clear = np.abs(ratings) >= CLEAR
    texts = [text for text, kept in zip(every, clear, strict=True) if kept]
    truth = (ratings[clear] > 0).astype(np.int64)
    model = shipped("sentiment-en")
    chance = model.probabilities(texts)[:, 0]
    right = _right(chance, truth)
    against = float(np.corrcoef(model.scores(every)[:, 0], ratings)[0, 1])
    yield f"Amazon snippets, {len(texts):,}: accuracy", f"{right.mean():.4f}", ".742 (VADER), .750 (NB-SVM)"
    yield "  correlation with what people rated", f"{against:.3f}", ".590 (VADER)"
    yield "  calibration error", f"{_off(chance, truth):.4f}", "-"
    if judging.peer("vaderSentiment") is None:
        yield judging.absent("vaderSentiment")
    else:
        yield from _vader(every, ratings, clear, right)
    if judging.peer("sklearn") is not None:
        known, labels = sets.uci_sentences(data)
        plain = _fitted(known, labels, ngram_range=(1, 3)).predict(texts) == truth
        yield "  TF-IDF words 1-3 + logistic, same training texts", f"{plain.mean():.4f}", "-"
        yield "    accuracy: ours - it", judging.of_rows(right - plain), "> 0"
    yield "  artefact", f"{cards()['sentiment-en'].bytes:,} bytes", "-"
    yield "  texts scored together / one alone", f"{_pace(model, texts)}, {_alone(model, texts)}", "-"


def _vader(every: Sequence[str], ratings: Floats, clear: Any, right: Floats) -> Iterator[Row]:
    """VADER; where it finds nothing (0), the better of praise and blame counts for it."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    reader = SentimentIntensityAnalyzer()
    started = time.perf_counter()
    marks = np.array([reader.polarity_scores(text)["compound"] for text in every])
    pace = len(every) / (time.perf_counter() - started)
    truth = ratings[clear] > 0
    hits = max(((marks[clear] > 0) == truth, (marks[clear] >= 0) == truth), key=lambda hit: float(hit.mean()))
    against = float(np.corrcoef(marks, ratings)[0, 1])
    yield "  VADER: accuracy, correlation, pace", f"{hits.mean():.4f}, {against:.3f}, {pace:,.0f}/s", "-"
    yield "    accuracy: ours - VADER", judging.of_rows(right - hits), "> 0"


def _fitted(texts: Sequence[str], labels: Ints, **views: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(**views), LogisticRegression(C=10)).fit(texts, labels)


def _feelings(data: Path) -> Iterator[Row]:
    """KOTE's test part. The peers' thresholds are tuned as ours are: by cross-validation on the training texts."""
    unseen, truth = sets.kote(data, "test")
    model = shipped("emotions-ko")
    chance = model.probabilities(unseen)
    wanted = [sets.KOTE.index(label) for label in sets.MOODS]
    names = [model.names.index(name) for name in sets.MOODS.values()]
    ours = chance[:, names] >= model.thresholds[names]
    held = truth[:, wanted]
    peers: dict[str, Any] = {}
    if judging.peer("sklearn") is None:
        yield judging.absent("scikit-learn")
    else:
        peers = _tfidf(data, wanted, unseen)
    for at, name in enumerate(sets.MOODS.values()):
        rivals = ", ".join(f"{f1(held[:, at], told[:, at]):.3f} ({title})" for title, told in peers.items())
        yield f"KOTE, {len(unseen):,} comments: F1 of {name}", f"{f1(held[:, at], ours[:, at]):.3f}", rivals or "-"
    yield "  F1, mean of the six", f"{_mean_f1(held, ours):.3f}", "the peers' below"
    for title, told in peers.items():
        yield f"  {title}", f"{_mean_f1(held, told):.3f}", "-"
        yield f"    ours - {title}", _more(held, ours, told), "> 0"
    yield "  artefact", f"{cards()['emotions-ko'].bytes:,} bytes", "-"
    yield "  texts scored together / one alone", f"{_pace(model, unseen)}, {_alone(model, unseen)}", "-"


def _tfidf(data: Path, wanted: Sequence[int], unseen: Sequence[str]) -> dict[str, Any]:
    """What TF-IDF and a logistic regression on the same training texts tell of each text and wanted label."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    texts, columns = sets.kote(data, "val")
    characters = {"min_df": 2, "sublinear_tf": True}
    views = {
        "TF-IDF words": TfidfVectorizer(),
        "TF-IDF characters 1-4": TfidfVectorizer(analyzer="char", ngram_range=(1, 4), **characters),
        "TF-IDF characters 2-4 in words": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **characters),
    }
    found: dict[str, Any] = {}
    for name, view in views.items():
        inside, outside = view.fit_transform(texts), view.transform(unseen)
        told = []
        for column in wanted:
            label, plain = columns[:, column], LogisticRegression(max_iter=300)
            held = cross_val_predict(plain, inside, label, cv=CHECKS, method="predict_proba")[:, 1]
            chance = plain.fit(inside, label).predict_proba(outside)[:, 1]
            told.append(chance >= best_threshold(held, label))
        found[name] = np.column_stack(told)
    return found


def _mean_f1(truth: Ints, told: Any) -> float:
    return float(np.mean([f1(truth[:, at], told[:, at]) for at in range(truth.shape[1])]))


def _more(truth: Ints, ours: Any, theirs: Any) -> str:
    """The difference of the mean F1, with its interval."""

    def difference(rows: Ints) -> float:
        return _mean_f1(truth[rows], ours[rows]) - _mean_f1(truth[rows], theirs[rows])

    return judging.said(difference(np.arange(len(truth))), judging.interval(difference, len(truth)))


def f1(truth: Ints, told: Any) -> float:
    """Twice the hits over all that holds and all that was told."""
    return float(2 * np.sum((truth == 1) & told) / max(1, int(truth.sum() + told.sum())))


def _intents(data: Path) -> Iterator[Row]:
    """banking77: trained anew by each seed, for the seed decides the folds and the solver's order."""
    if judging.peer("sklearn") is None:
        yield judging.absent("scikit-learn")
        return
    texts, labels = sets.banking(data, "train")
    unseen, truth = sets.banking(data, "test")
    shares, took = [], []
    for seed in range(SEEDS):
        started = time.perf_counter()
        model = train_intents(texts, labels, INTENTS, Recipe(penalty=1.0, ratio=False, folds=2, seed=seed))
        took.append(time.perf_counter() - started)
        shares.append(np.mean([names[0] == name for names, name in zip(model.predict(unseen), truth, strict=True)]))
    said = f"{np.mean(shares):.4f} ({min(shares):.4f} to {max(shares):.4f})"
    yield f"banking77, {len(unseen):,} questions: accuracy", said, ".914 (TF-IDF + linear SVM)"
    yield "  training", f"{np.mean(took):.1f} s", "-"
    yield "  texts scored together / one alone", f"{_pace(model, unseen)}, {_alone(model, unseen)}", "5,000/s"
