"""Rules that the brand's own guidelines lay down: what their front matter binds, the guard enforces."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.domain.bundle import SlotKind
from agent.domain.guideline import Binding
from agent.guardrails.cases import Breach, TextCase
from agent.guardrails.lexicon import Families, said_of_brand

EMOJI = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff\ufe0f]")
_SENTENCE = re.compile(r"[.!?…~\n]+")
_POLITE = ("요", "니다", "니까", "시오", "세요", "죠")


def guidelines_kept(case: TextCase, rule: Families) -> Breach | None:
    """Words, topics, formality, emoji and the greatest discount, as the guidelines that hold here bind them.

    `rule` names the family of casual sentence endings.
    """
    text = f"{case.finished.subject}\n{case.finished.body}"
    for binding in case.bindings:
        broken = _broken(binding, case, text, rule)
        if broken:
            return Breach(detail=broken)
    return None


def _broken(binding: Binding, case: TextCase, text: str, rule: Families) -> str:
    if said_of_brand(text, binding.forbidden_words):
        return "a word that the brand forbids"
    if found := said_of_brand(case.finished.free, binding.preferred_words):
        return f"a word for which the brand says another: {_preferred(binding, found)}"
    for topic, words in binding.avoid_topics.items():
        if said_of_brand(case.finished.free, words):
            return f"a topic that the brand avoids: {topic}"
    if not binding.emoji and EMOJI.search(text):
        return "emoji, which the brand forbids"
    given = (int(s.value) for s in case.draft.payload.slots.values() if s.kind is SlotKind.PERCENT)
    if binding.greatest_discount is not None and any(percent > binding.greatest_discount for percent in given):
        return f"over the brand's {binding.greatest_discount} %"
    if binding.formality is None or case.situation.snapshot.locale != "ko":
        return ""
    casual = binding.formality == "casual"
    wrong = _polite(case.finished.free) if casual else _casual(case.finished.free, rule.words)
    return f"not in the brand's {'casual' if casual else 'polite'} form" if wrong else ""


def _preferred(binding: Binding, found: str) -> str:
    """The brand's word in place of the one found."""
    return next((say for word, say in binding.preferred_words.items() if said_of_brand(found, (word,))), "")


def _endings(text: str) -> Iterable[str]:
    """The last word of each sentence, Hangul only."""
    for sentence in _SENTENCE.split(text):
        yield re.sub(r"[^가-힣]+$", "", sentence.strip()).split(" ")[-1]


def _polite(text: str) -> bool:
    return any(last.endswith(_POLITE) for last in _endings(text))


def _casual(text: str, casual: tuple[str, ...]) -> bool:
    """A verb's casual ending; nouns may close a sentence in either form."""
    return any(not last.endswith(_POLITE) and len(last) > 1 and last.endswith(casual) for last in _endings(text))
