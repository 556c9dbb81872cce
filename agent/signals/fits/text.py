"""Text: what each customer's latest words sound like, and what all of them speak of."""

from __future__ import annotations

import numpy as np

from agent.domain.facts import Omen
from agent.domain.models import Signal
from agent.signals.data import Data
from agent.signals.fits.fit import Fit, prior
from agent.signals.purchases import Ints, calendar, floats, ints
from agent.signals.telling import Told, Why, millionths
from agent.signals.text.reading import Reading, read
from agent.signals.text.topics import rising, topics

FRESH_DAYS = 30
"""Who was angry longer ago may have calmed down."""
UPSET = ("angry", "sad", "worried", "disappointed")
BLAMES, DISPLEASED = 0.35, 0.1
"""From which chance of praise downwards a text blames, and does so without doubt."""
STAR_WEIGHT = 0.6
"""What stars say of praise, beside the words."""


def fit(data: Data) -> Fit:
    """No texts: nothing is foretold."""
    texts = data.texts
    if not texts.words:
        return prior(Signal.TEXT, 0, why="no_texts")
    readings = read(texts.words)
    day = calendar(floats(texts.at), data.playbook.brand.zone)[0]
    found = topics(readings, day.astype(np.float64), float(data.cut))
    words = rising(texts.words, data.writers, day.astype(np.float64), float(data.cut))
    notes = [("topic", f"{t.name} {t.texts} {t.share:.3f} {t.blamed:.3f} {t.trend}") for t in found]
    notes += [("rising", f"{word} {z:.1f}") for word, z in words]
    positive = np.array([reading.positive for reading in readings])
    return Fit(
        signal=Signal.TEXT,
        chosen="shipped models",
        rows=len(readings),
        customers=len(np.unique(data.writers)),
        figures=_agreement(positive, ints(texts.stars)) | {"positive_share": float((positive > 0.5).mean())},
        notes=tuple(notes),
        inputs={"positive": positive, "length": np.array([float(len(words)) for words in texts.words])},
        told=_moods(data, readings, day),
    )


def _agreement(positive: np.ndarray[tuple[int], np.dtype[np.float64]], stars: Ints) -> dict[str, float]:
    """How often words and stars agree, where stars were given and took a side."""
    sided = (stars > 0) & (stars != 3)
    if not sided.any():
        return {}
    return {"agrees_with_stars": float(np.mean((positive > 0.5)[sided] == (stars > 3)[sided]))}


def _moods(data: Data, readings: list[Reading], day: Ints) -> list[Told]:
    """Of each customer's latest text, if it is fresh: an upset mood, or delight."""
    latest = {int(who): at for at, who in enumerate(data.writers.tolist()) if day[at] > data.cut - FRESH_DAYS}
    upset: list[tuple[int, str, float, Why]] = []
    happy: list[tuple[int, float, Why]] = []
    stars = ints(data.texts.stars)
    for who, at in sorted(latest.items()):
        reading = readings[at]
        praise = reading.positive
        if stars[at]:
            praise = STAR_WEIGHT * (stars[at] - 1) / 4 + (1 - STAR_WEIGHT) * praise
        why: Why = (("praise", praise), ("days_ago", float(data.cut - day[at])))
        mood, chance = _mood(reading, praise)
        if mood:
            reason: Why = ((f"about_{reading.reason}", 1.0),) if reading.reason else ()
            upset.append((who, mood, chance, (*reason, *why)))
        elif praise > 0.8:
            happy.append((who, praise, why))
    return [
        Told(
            omen=Omen.MOOD,
            who=np.array([one[0] for one in upset], dtype=np.int64),
            value=[one[1] for one in upset],
            chance=millionths(np.array([one[2] for one in upset])),
            why=[one[3] for one in upset],
        ),
        Told(
            omen=Omen.DELIGHT,
            who=np.array([one[0] for one in happy], dtype=np.int64),
            chance=millionths(np.array([one[1] for one in happy])),
            why=[one[2] for one in happy],
        ),
    ]


def _mood(reading: Reading, praise: float) -> tuple[str, float]:
    """The likeliest upset feeling of a text that blames, with its chance; of an English one, whose feelings nobody here
    recognises, that it is displeased, with the chance that it blames. ('', 0) where neither is clear."""
    if praise >= BLAMES:
        return "", 0.0
    found = next(((name, chance) for name, chance in reading.moods if name in UPSET), None)
    if found is not None:
        return found
    return ("displeased", 1.0 - praise) if praise < DISPLEASED else ("", 0.0)
