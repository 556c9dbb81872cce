"""What a text says: its language, whether it praises or blames, which feelings it shows, and what it speaks of.

Texts are hostile data: they are counted and compared, never obeyed, and nothing of their wording leaves this room.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from agent.signals.text.shipped import shipped
from agent.strict_yaml import parse

Language = Literal["ko", "en"]
_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_LATIN = re.compile(r"[A-Za-z]")
_CLAUSES = {
    "en": re.compile(r"[.!?;\n]+|,?\s+(?:but|however|although|though|yet|except)\s+", re.IGNORECASE),
    "ko": re.compile(r"[.!?;\n]+|(?<=[가-힣]지만)[\s,]+|(?<=[가-힣]데)[\s,]+|(?<=[가-힣]나),\s*|하지만|그러나|다만"),
}
LONGEST = 4_000
"""Characters that are read of one text."""
MOST_CLAUSES = 40
BLAMING = frozenset({"angry", "disappointed"})
CLEARLY_BLAMED = 0.3
"""The model of praise and blame knows films; who is angry or disappointed does not praise, whatever it makes of
parcels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`positive` is the chance that the text praises. `moods` names feelings (angry, sad, worried, grateful,
    delighted). `aspects` gives each aspect spoken of the chance that it is praised there; `reason` is the one blamed
    most."""

    language: Language
    positive: float
    moods: tuple[tuple[str, float], ...]
    aspects: tuple[tuple[str, float], ...]

    @property
    def reason(self) -> str:
        """What is complained of; '' where nothing is blamed."""
        worst = min(self.aspects, key=lambda pair: (pair[1], pair[0]), default=("", 1.0))
        return worst[0] if worst[1] < 0.5 else ""


def language(text: str) -> Language:
    """Korean where at least a fifth of the letters are Hangul: Koreans write English words among their own."""
    hangul, latin = len(_HANGUL.findall(text)), len(_LATIN.findall(text))
    return "ko" if hangul and hangul * 4 >= latin else "en"


def read(texts: Sequence[str]) -> list[Reading]:
    """All texts at once: a batch costs a fraction of its texts one by one."""
    cut = [text[:LONGEST] for text in texts]
    spoken: list[Language] = [language(text) for text in cut]
    clauses = [_clauses(text, said) for text, said in zip(cut, spoken, strict=True)]
    found: list[Reading | None] = [None] * len(cut)
    for said in ("ko", "en"):
        rows = [at for at, other in enumerate(spoken) if other == said]
        for at, reading in zip(rows, _read_in(said, [cut[r] for r in rows], [clauses[r] for r in rows]), strict=True):
            found[at] = reading
    return [reading for reading in found if reading is not None]


def _read_in(said: Language, texts: Sequence[str], clauses: Sequence[Sequence[str]]) -> list[Reading]:
    if not texts:
        return []
    model = shipped(f"sentiment-{said}")
    whole = model.probabilities(texts)[:, 0]
    flat = [clause for some in clauses for clause in some]
    parts = iter(model.probabilities(flat)[:, 0].tolist())
    moods = _moods(texts) if said == "ko" else [()] * len(texts)
    readings = []
    for at, some in enumerate(clauses):
        aspects: dict[str, float] = {}
        for clause in some:
            chance = next(parts)
            for aspect in aspects_of(clause, said):
                aspects[aspect] = min(chance, aspects.get(aspect, 1.0))
        positive = (
            float(whole[at]) if not BLAMING & {mood for mood, _ in moods[at]} else min(float(whole[at]), CLEARLY_BLAMED)
        )
        found = tuple(sorted(aspects.items()))
        readings.append(Reading(language=said, positive=positive, moods=moods[at], aspects=found))
    return readings


def _moods(texts: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    """The feelings that reach their threshold, each with its chance."""
    model = shipped("emotions-ko")
    found = []
    for row, holds in zip(chances := model.probabilities(texts), chances >= model.thresholds, strict=True):
        told = [(name, float(chance)) for name, chance, true in zip(model.names, row, holds, strict=True) if true]
        found.append(tuple(sorted(told, key=lambda pair: (-pair[1], pair[0]))))
    return found


def _clauses(text: str, said: Language) -> list[str]:
    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())  # runs of blanks would cost their square
    return [part.strip() for part in _CLAUSES[said].split(lines) if part and part.strip()][:MOST_CLAUSES]


def aspects_of(clause: str, said: Language) -> list[str]:
    """The aspects that a clause names."""
    low = clause.lower()
    return [aspect for aspect, pattern in _patterns(said).items() if pattern.search(low)]


@lru_cache
def _patterns(said: Language) -> dict[str, re.Pattern[str]]:
    text = (files("agent.signals.text") / "aspects.yaml").read_text(encoding="utf-8")
    start = r"\b" if said == "en" else ""
    return {
        str(aspect): re.compile("|".join(start + re.escape(word) for word in words[said]))
        for aspect, words in parse(text, dict[str, dict[str, list[str]]]).items()
    }


def intent(texts: Sequence[str]) -> list[tuple[str, float]]:
    """What each text wants, and how sure that is."""
    chances = shipped("intents").probabilities([text[:LONGEST] for text in texts])
    names = shipped("intents").names
    return [(names[int(row.argmax())], float(row.max())) for row in chances]
