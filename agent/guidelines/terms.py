"""How text becomes terms: words and word pairs for Latin script, character pairs for Hangul.

Character pairs mixed into Latin text lower recall, and whitespace words fail Korean, whose particles cling to nouns.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512

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
