"""What a customer's message says to us: a refusal, a question whether we are human. Code reads it, no model needed.

A refusal may be put in any words (47 CFR 64.1200(a)(10)); what is doubtful counts as one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from agent.guardrails.lexicon import Lexicon, readings, said


class Heard(StrEnum):
    """`refuse`: this channel. `refuse_all`: every channel. `resume`: START after a STOP. `help`: HELP."""

    REFUSE = "refuse"
    REFUSE_ALL = "refuse_all"
    RESUME = "resume"
    HELP = "help"
    ASKS_HUMAN = "asks_human"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Hearing:
    """`word` is what was understood as a refusal: a few words at most, never the customer's text."""

    heard: Heard
    word: str = ""


LONGEST_HEARD = 4_000
"""Longer texts are read at both ends."""

ANSWERS = {
    "ko": "저는 AI입니다. 사람과 이야기하고 싶으시면 말씀해 주세요. 직원에게 바로 연결해 드릴게요.",
    "en": "I am an AI assistant. If you would rather talk to a person, just say so and I will fetch a colleague.",
}
"""The honest answer to whether we are human, with the way to a person; the same every time."""

_ALONE = (("refuse_alone", Heard.REFUSE), ("resume_alone", Heard.RESUME), ("help_alone", Heard.HELP))
_SAID = (("refuse_all", Heard.REFUSE_ALL), ("refuse", Heard.REFUSE))


def hear(text: str, lexicon: Lexicon) -> Hearing:
    """The first thing that counts, refusals before all else. Hostile text: only matched, never obeyed or kept."""
    flat = "".join(ch for ch in unicodedata.normalize("NFKC", text) if unicodedata.category(ch) != "Cf")
    if len(flat) > LONGEST_HEARD:
        flat = flat[: LONGEST_HEARD // 2] + " " + flat[-LONGEST_HEARD // 2 :]
    alone = set(readings(flat))
    for family, heard in _ALONE:
        if alone & set(lexicon[family]):
            return Hearing(heard, min(alone & set(lexicon[family])))
    for family, heard in _SAID:
        word = said(flat, lexicon[family], lexicon["not_refuse"])
        if word:
            return Hearing(heard, word[:20])
    word = said(flat, lexicon["asks_human"])
    return Hearing(Heard.ASKS_HUMAN, word[:20]) if word else Hearing(Heard.NOTHING)
