"""What a customer's message says to us: a refusal, a question whether we are human. Code reads it, no model needed.

A refusal may be put in any words (47 CFR 64.1200(a)(10)); what is doubtful counts as one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from agent.guardrails.lexicon import Lexicon, said


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
    """`word` is the word that was understood, from our lexicon, never the customer's text."""

    heard: Heard
    word: str = ""


LONGEST_HEARD = 2_000

ANSWERS = {
    "ko": "저는 AI입니다. 사람과 이야기하고 싶으시면 말씀해 주세요. 직원에게 바로 연결해 드릴게요.",
    "en": "I am an AI assistant. If you would rather talk to a person, just say so and I will fetch a colleague.",
}
"""The honest answer to whether we are human, with the way to a person; the same every time."""


def hear(text: str, lexicon: Lexicon) -> Hearing:
    """The first thing that counts, refusals before all else. Hostile text: only matched, never obeyed or kept."""
    flat = unicodedata.normalize("NFKC", text)
    flat = "".join(ch for ch in flat if unicodedata.category(ch) != "Cf")[:LONGEST_HEARD]
    alone = re.sub(r"[\W_]+", " ", flat).strip().lower()
    for family, heard in (("refuse_alone", Heard.REFUSE), ("resume_alone", Heard.RESUME), ("help_alone", Heard.HELP)):
        if alone in lexicon.get(family, ()):
            return Hearing(heard, alone)
    kept = _without(flat, lexicon.get("not_refuse", ()))
    word = said(kept, lexicon["refuse_all"])
    if word:
        return Hearing(Heard.REFUSE_ALL, word)
    word = said(kept, lexicon["refuse"])
    if word:
        return Hearing(Heard.REFUSE, word)
    word = said(flat, lexicon["asks_human"])
    return Hearing(Heard.ASKS_HUMAN, word) if word else Hearing(Heard.NOTHING)


def _without(text: str, phrases: tuple[str, ...]) -> str:
    """The text without phrases that hold a word of refusal and mean something else."""
    spaced = re.sub(r"[\W_]+", " ", text.lower())
    for phrase in phrases:
        spaced = spaced.replace(phrase, " ")
    return spaced
