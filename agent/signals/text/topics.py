"""What customers speak of, and what of it is growing: shares of aspects now and before, and words on the rise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

from agent.signals.purchases import Floats, Ints
from agent.signals.text.reading import Reading

LATELY = 90.0
"""Days that count as now; as many before them are compared with."""
SURE = 1.96
LEAST = 5
_WORDS = re.compile(r"[a-z]{4,}|[가-힣]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One aspect: in how many of the texts of now, its share then and now, how often it is blamed, and its trend:
    `rising` or `falling` only where the two shares differ beyond chance (two-proportion z-test, 95 %)."""

    name: str
    texts: int
    share: float
    share_before: float
    blamed: float
    trend: str


def topics(readings: Sequence[Reading], at: Floats, now: float) -> list[Topic]:
    """`at` and `now` in days. Most spoken of first."""
    new = [r for r, day in zip(readings, at.tolist(), strict=True) if now - LATELY < day <= now]
    old = [r for r, day in zip(readings, at.tolist(), strict=True) if now - 2 * LATELY < day <= now - LATELY]
    lately, before = (Counter(name for r in some for name, _ in r.aspects) for some in (new, old))
    blamed = Counter(name for r in new for name, chance in r.aspects if chance < 0.5)
    return [
        Topic(
            name=name,
            texts=count,
            share=count / len(new),
            share_before=before[name] / len(old) if old else 0.0,
            blamed=blamed[name] / count,
            trend=_trend(count, len(new), before[name], len(old)),
        )
        for name, count in lately.most_common()
    ]


def _trend(now: int, all_now: int, then: int, all_then: int) -> str:
    if not all_then or min(all_now, all_then) < LEAST:
        return "unknown"
    pooled = (now + then) / (all_now + all_then)
    error = sqrt(pooled * (1 - pooled) * (1 / all_now + 1 / all_then))
    z = (now / all_now - then / all_then) / error if error else 0.0
    return "rising" if z > SURE else "falling" if z < -SURE else "steady"


def rising(texts: Sequence[str], writers: Ints, at: Floats, now: float, most: int = 10) -> list[tuple[str, float]]:
    """Words that more texts hold than before, with their z: log-odds against a prior of all texts (Monroe, Colaresi &
    Quinn, Fightin' words, Political Analysis 2008). Only words of at least `LEAST` different writers: nobody's own
    words are shown."""
    sets = [set(_WORDS.findall(text.lower())) for text in texts]
    authors: dict[str, set[int]] = {}
    for words, writer in zip(sets, writers.tolist(), strict=True):
        for word in words:
            authors.setdefault(word, set()).add(writer)
    days = at.tolist()
    new = [words for words, day in zip(sets, days, strict=True) if now - LATELY < day <= now]
    old = [words for words, day in zip(sets, days, strict=True) if now - 2 * LATELY < day <= now - LATELY]
    if not new or not old:
        return []
    lately, before = (Counter(word for words in some for word in words) for some in (new, old))
    found = []
    for word, count in lately.items():
        if len(authors[word]) >= LEAST:
            here, there = (
                (count + 0.5) / (len(new) - count + 0.5),
                (before[word] + 0.5) / (len(old) - before[word] + 0.5),
            )
            z = (log(here) - log(there)) / sqrt(1 / (count + 0.5) + 1 / (before[word] + 0.5))
            if z > SURE:
                found.append((word, z))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:most]
