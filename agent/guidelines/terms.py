"""How text becomes terms: words and word pairs for Latin script, character pairs for Hangul.

Character pairs mixed into Latin text lower recall, and whitespace words fail Korean, whose particles cling to nouns.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 4096

_LATIN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_HANGUL = re.compile(r"[가-힣]+")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "out",
        "she",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "too",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


def terms(text: str) -> Counter[str]:
    """Term counts of a text in either script or both."""
    lowered = text.lower()
    words = [word for word in _LATIN.findall(lowered) if word not in _STOP]
    counted = Counter(words)
    counted.update(f"{a} {b}" for a, b in pairwise(words))
    for run in _HANGUL.findall(lowered):
        counted.update(run[i : i + 2] for i in range(len(run) - 1))
        if len(run) == 1:
            counted[run] += 1
    return counted


def hashed(text: str) -> NDArray[np.float32]:
    """The text as a unit vector of `DIMENSIONS` signed hashed terms (Weinberger et al., 2009); zero for no terms."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    for term, count in terms(text).items():
        code = zlib.crc32(term.encode())
        vector[code % DIMENSIONS] += (1.0 if code & 0x80000000 else -1.0) * (1.0 + math.log(count))
    norm = float(np.linalg.norm(vector))
    return vector / np.float32(norm) if norm else vector


class Sparse:
    """Exact TF-IDF over a fixed set of texts: cosine of a query with any of them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        counts = {name: terms(text) for name, text in texts.items()}
        seen: Counter[str] = Counter()
        for counted in counts.values():
            seen.update(counted.keys())
        total = len(texts)
        self._idf = {term: math.log((1 + total) / (1 + n)) + 1.0 for term, n in seen.items()}
        self._vectors = {name: self._weighted(counted) for name, counted in counts.items()}

    def _weighted(self, counted: Counter[str]) -> dict[str, float]:
        raw = {t: (1.0 + math.log(n)) * self._idf[t] for t, n in counted.items() if t in self._idf}
        norm = math.sqrt(sum(w * w for w in raw.values())) or 1.0
        return {term: weight / norm for term, weight in raw.items()}

    def scores(self, query: str, names: Iterable[str]) -> dict[str, float]:
        """Cosine similarity of the query with each named text, in [0, 1]."""
        asked = self._weighted(terms(query))
        return {name: sum(w * self._vectors[name].get(t, 0.0) for t, w in asked.items()) for name in names}
