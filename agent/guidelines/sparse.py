"""Exact scores of a query against every passage of one language: postings in memory, no passage left out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.guidelines.terms import terms

Scores = NDArray[np.float64]
_K1, _B = 1.2, 0.75
"""BM25's usual constants (Robertson and Zaragoza 2009)."""


class _Postings:
    """For each term the texts that have it, with its weight there."""

    def __init__(self, weights: Sequence[dict[str, float]]) -> None:
        found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, text in enumerate(weights):
            for term, weight in text.items():
                found[term].append((number, weight))
        self._size = len(weights)
        self._of = {
            term: (np.array([n for n, _ in pairs]), np.array([w for _, w in pairs])) for term, pairs in found.items()
        }

    def dot(self, query: dict[str, float]) -> Scores:
        scores = np.zeros(self._size)
        for term, weight in query.items():
            if term in self._of:
                numbers, weights = self._of[term]
                scores[numbers] += weight * weights
        return scores


class Cosine:
    """TF-IDF with logarithmic counts: the cosine of query and text, between 0 and 1. Best on Latin script."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [terms(text) for text in texts]
        seen = Counter(term for counted in counts for term in counted)
        self._idf = {term: math.log((1 + len(texts)) / (1 + n)) + 1.0 for term, n in seen.items()}
        self._postings = _Postings([self._weighted(counted) for counted in counts])

    def scores(self, query: str) -> Scores:
        return self._postings.dot(self._weighted(terms(query)))

    def _weighted(self, counted: Counter[str]) -> dict[str, float]:
        raw = {t: (1.0 + math.log(n)) * self._idf[t] for t, n in counted.items() if t in self._idf}
        norm = math.sqrt(sum(w * w for w in raw.values())) or 1.0
        return {term: weight / norm for term, weight in raw.items()}


class Bm25:
    """BM25, as a share of what a text could score at most, between 0 and 1. Best on pairs of Hangul syllables."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [terms(text) for text in texts]
        seen = Counter(term for counted in counts for term in counted)
        size = len(texts)
        self._idf = {term: math.log(1 + (size - n + 0.5) / (n + 0.5)) for term, n in seen.items()}
        usual = sum(sum(counted.values()) for counted in counts) / max(size, 1) or 1.0
        self._postings = _Postings([_saturated(counted, usual) for counted in counts])

    def scores(self, query: str) -> Scores:
        asked = {term: self._idf[term] for term in terms(query) if term in self._idf}
        most = sum(asked.values()) * (_K1 + 1) or 1.0
        return self._postings.dot(asked) / most


def _saturated(counted: Counter[str], usual: float) -> dict[str, float]:
    room = _K1 * (1 - _B + _B * sum(counted.values()) / usual)
    return {term: n * (_K1 + 1) / (n + room) for term, n in counted.items()}


class Sparse:
    """Passages of one language. Latin passages count half for themselves, half for the file that they stand in."""

    def __init__(self, locale: str, texts: Sequence[str], files: Sequence[str]) -> None:
        self._own: Cosine | Bm25 = Bm25(texts) if locale == "ko" else Cosine(texts)
        names = sorted(set(files))
        self._file = np.array([names.index(name) for name in files]) if len(names) < len(files) else None
        if locale == "ko" or self._file is None:
            self._whole = None
        else:
            parts: dict[str, list[str]] = defaultdict(list)
            for name, text in zip(files, texts, strict=True):
                parts[name].append(text)
            self._whole = Cosine(["\n".join(parts[name]) for name in names])

    def scores(self, query: str) -> Scores:
        own = self._own.scores(query)
        if self._whole is None or self._file is None:
            return own
        whole: Scores = self._whole.scores(query)[self._file]
        return 0.5 * own + 0.5 * whole
