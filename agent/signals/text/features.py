"""A text as a set of hashed n-grams (characters, Hangul letters, words, words under negation), a whole batch at
once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Codes = NDArray[np.uint64]

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SEPARATOR, _SPACE = 0, 32
BATCH = 2000
_NEGATORS = [
    "not",
    "no",
    "never",
    "none",
    "nobody",
    "nothing",
    "neither",
    "nor",
    "cannot",
    "without",
    "hardly",
    "barely",
    "scarcely",
    "lacks",
    "lack",
    "lacking",
    "don't",
    "doesn't",
    "didn't",
    "isn't",
    "aren't",
    "wasn't",
    "weren't",
    "won't",
    "wouldn't",
    "can't",
    "couldn't",
    "shouldn't",
    "haven't",
    "hasn't",
    "hadn't",
    "ain't",
    "dont",
    "doesnt",
    "didnt",
    "isnt",
    "arent",
    "wasnt",
    "werent",
    "wont",
    "wouldnt",
    "cant",
    "couldnt",
    "shouldnt",
    "havent",
    "hasnt",
    "hadnt",
    "aint",
    "n't",
]
_CLAUSE_ENDS = ".,;:!?()but"


@dataclass(frozen=True)
class Spec:
    """Which n-grams a text is turned into. A range (0, 0) switches a view off."""

    bits: int = 20
    chars: tuple[int, int] = (1, 5)
    across_words: bool = True
    jamo: tuple[int, int] = (0, 0)
    words: tuple[int, int] = (0, 0)
    negation: bool = False


KOREAN = Spec(bits=24, chars=(1, 5))
ENGLISH = Spec(bits=22, chars=(0, 0), words=(1, 2), negation=True)
EMOTIONS = Spec(bits=22, chars=(1, 4))
INTENTS = Spec(bits=22, chars=(2, 5), words=(1, 2))


def clean(texts: Sequence[str]) -> Codes:
    """All texts as one array of code points: NFC, lower case, runs cut to two, blanks collapsed; a blank and a
    separator around each."""
    joined = " \0 ".join(text.replace("\0", " ") for text in texts)
    joined = unicodedata.normalize("NFC", joined).lower()
    codes = np.frombuffer(f"\0 {joined} \0".encode("utf-32-le", "replace"), dtype=np.uint32).copy()
    codes[((codes < 32) & (codes > 0)) | (codes == 0xA0) | (codes == 0x3000)] = _SPACE
    codes[(codes == 0x2019) | (codes == 0x60)] = ord("'")
    codes[(codes >= ord("0")) & (codes <= ord("9"))] = ord("0")
    keep = np.ones(len(codes), dtype=bool)
    keep[2:] = (codes[2:] != codes[1:-1]) | (codes[2:] != codes[:-2]) | (codes[2:] == _SEPARATOR)
    keep[1:] &= (codes[1:] != _SPACE) | (codes[:-1] != _SPACE)
    return codes[keep].astype(np.uint64)


def letters(codes: Codes) -> Codes:
    """Hangul syllables taken apart into their two or three letters; everything else unchanged."""
    offset = codes.astype(np.int64) - 0xAC00
    hangul = (offset >= 0) & (offset < 11172)
    tail = np.where(hangul, offset % 28, 0)
    parts = np.stack(
        [
            np.where(hangul, 0x1100 + offset // 588, codes.astype(np.int64)),
            np.where(hangul, 0x1161 + offset % 588 // 28, -1),
            np.where(hangul & (tail > 0), 0x11A7 + tail, -1),
        ],
        axis=1,
    ).ravel()
    return parts[parts >= 0].astype(np.uint64)


def rolling(
    items: Codes, breaks: NDArray[np.bool_], inner: NDArray[np.bool_] | None, span: tuple[int, int], salt: int
) -> Iterator[tuple[NDArray[np.int64], Codes]]:
    """(start, hash) of every n-gram of `items` that holds no break and has no `inner` item strictly inside."""
    low, high = span
    value = np.zeros(len(items), dtype=np.uint64) + np.uint64(salt)
    valid = ~breaks
    for size in range(1, high + 1):
        last = len(items) - size + 1
        if last <= 0:
            return
        value = value[:last] * _PRIME + items[size - 1 :]
        value ^= value >> np.uint64(29)
        valid = valid[:last] & ~breaks[size - 1 :]
        if inner is not None and size > 2:
            valid &= ~inner[size - 2 : size - 2 + last]
        if size >= low:
            start = np.flatnonzero(valid)
            yield start, value[start]


def tokens(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64], Codes]:
    """Words (letters, digits, apostrophes) and single marks: start, end and hash of each; separators count as
    tokens."""
    word = (codes >= ord("a")) & (codes <= ord("z")) | (codes == ord("'")) | (codes == ord("0")) | (codes > 0xBF)
    blank = codes == _SPACE
    starts = np.ones(len(codes), dtype=bool)
    starts[1:] = ~(word[1:] & word[:-1])
    starts &= ~blank
    begin = np.flatnonzero(starts)
    following = np.append(np.flatnonzero(starts | blank), len(codes))
    end = following[np.searchsorted(following, begin, side="right")]
    place = np.arange(len(codes)) - np.repeat(
        begin, np.diff(np.append(begin, len(codes)))
    )  # the first code is a separator
    powers = np.cumprod(np.full(int(place.max()) + 1, _PRIME, dtype=np.uint64))
    terms = np.where(blank, np.uint64(0), (codes + np.uint64(1)) * powers[place])
    value = np.add.reduceat(terms, begin)
    return begin, end, value ^ (value >> np.uint64(31))


def negated(hashes: Codes, breaks: NDArray[np.bool_], reach: int = 4) -> NDArray[np.bool_]:
    """Tokens that follow a negator within `reach` tokens with no end of clause between."""
    place = np.arange(len(hashes))
    negator = np.isin(hashes, _NEGATOR_HASHES)
    stop = breaks | np.isin(hashes, _STOP_HASHES)
    last_negator = np.maximum.accumulate(np.where(negator, place, -reach - 1))
    last_stop = np.maximum.accumulate(np.where(stop, place, -1))
    previous = np.append(-reach - 1, last_negator[:-1])
    return np.asarray((place - previous <= reach) & (previous > last_stop) & ~negator)


def word_hashes(words: Sequence[str]) -> Codes:
    """The token hash of each single word, as `tokens` computes it."""
    return np.array([tokens(clean([word]))[2][1] for word in words], dtype=np.uint64)


_NEGATOR_HASHES = word_hashes(_NEGATORS)
_STOP_HASHES = word_hashes([*_CLAUSE_ENDS[:-3], "but"])
_NEGATED_SALT = np.uint64(0xA5A5A5A5A5A5A5A5)


def grams(texts: Sequence[str], spec: Spec) -> Iterator[tuple[NDArray[np.int64], Codes]]:
    """(text number, hash) arrays, one pair for each view and length."""
    codes = clean(texts)
    if spec.chars[1]:
        for owner, value in _char_grams(codes, spec.chars, spec.across_words, 1):
            yield owner, value
    if spec.jamo[1]:
        for owner, value in _char_grams(letters(codes), spec.jamo, spec.across_words, 2):
            yield owner, value
    if spec.words[1]:
        start, _, value = tokens(codes)
        breaks = codes[start] == _SEPARATOR
        if spec.negation:
            value = np.where(negated(value, breaks), value ^ _NEGATED_SALT, value)
        owner = np.cumsum(breaks) - 1
        for first, gram in rolling(value, breaks, None, spec.words, 3):
            yield owner[first], gram


def _char_grams(
    codes: Codes, span: tuple[int, int], across: bool, salt: int
) -> Iterator[tuple[NDArray[np.int64], Codes]]:
    breaks = codes == _SEPARATOR
    owner = np.cumsum(breaks) - 1
    for start, value in rolling(codes, breaks, None if across else codes == _SPACE, span, salt):
        yield owner[start], value


def features(texts: Sequence[str], spec: Spec) -> sparse.csr_array:
    """One row per text, one column per bucket: 1 where the text holds it, divided by the root of the number it
    holds."""
    blocks = [block(texts[at : at + BATCH], spec) for at in range(0, len(texts), BATCH)]
    if not blocks:
        return sparse.csr_array((0, 1 << spec.bits), dtype=np.float32)
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def block(texts: Sequence[str], spec: Spec) -> sparse.csr_array:
    pairs = list(grams(texts, spec))
    owner = np.concatenate([pair[0] for pair in pairs]).astype(np.int32)
    value = np.concatenate([pair[1] for pair in pairs])
    bucket = ((value * _MIX) >> np.uint64(64 - spec.bits)).astype(np.int32)
    ones = np.ones(len(bucket), dtype=np.float32)
    matrix = sparse.csr_array((ones, (owner, bucket)), shape=(len(texts), 1 << spec.bits))
    matrix.data[:] = 1.0
    counts = np.diff(matrix.indptr)
    matrix.data /= np.repeat(np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    return matrix


def restrict(matrix: sparse.csr_array, buckets: NDArray[np.int32]) -> sparse.csr_array:
    """The columns `buckets` (sorted) of `matrix`, renumbered from 0."""
    if not len(buckets):
        return sparse.csr_array((matrix.shape[0], 0), dtype=np.float32)
    place = np.minimum(np.searchsorted(buckets, matrix.indices), len(buckets) - 1)
    known = buckets[place] == matrix.indices
    ends = np.append(0, np.cumsum(known))[matrix.indptr].astype(np.int32)
    return sparse.csr_array(
        (matrix.data[known], place[known].astype(np.int32), ends), shape=(matrix.shape[0], len(buckets))
    )
