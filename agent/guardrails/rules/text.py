"""Rules about the finished text: what the law puts in, and what may not stand outside a typed slot."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Len

from agent.domain.bundle import SlotKind
from agent.domain.customer import Channel
from agent.domain.verdict import Amendment, Place
from agent.guardrails.cases import Breach, Nothing, TextCase

_NAMES = re.compile(r"\{(\w*)\}")
_KNOWN = {"sender", "contact", "phone", "url"}


@dataclass(frozen=True, slots=True)
class LegalLine:
    """One text that a channel must carry. `{sender}`, `{contact}`, `{phone}` and `{url}` come from the playbook."""

    channels: tuple[Channel, ...]
    place: Place
    order: int
    text: Annotated[str, Len(1, 200)]

    def __post_init__(self) -> None:
        unknown = set(_NAMES.findall(self.text)) - _KNOWN
        if unknown:
            raise ValueError(f"text: unknown name {sorted(unknown)[0]!r}; known: {', '.join(sorted(_KNOWN))}")


@dataclass(frozen=True, slots=True)
class LegalLines:
    lines: Annotated[tuple[LegalLine, ...], Len(1)]


def legal_lines(case: TextCase, rule: LegalLines) -> Breach | None:
    """The label, the sender and the free way out, in the order the medium is read."""
    brand = case.playbook.brand
    facts = {"sender": brand.name, "contact": brand.contact, "phone": brand.optout_phone, "url": brand.optout_url}
    amendments = tuple(
        Amendment(place=line.place, order=line.order, text=_NAMES.sub(lambda m: facts[m.group(1)], line.text))
        for line in rule.lines
        if case.channel in line.channels
    )
    return Breach(amendments=amendments) if amendments else None


@dataclass(frozen=True, slots=True)
class FreeText:
    """Words that promise a deal, to be said only by a typed slot. Korean ones match inside words."""

    deal_words: Annotated[tuple[str, ...], Len(1)]


_LINK = re.compile(r"(?i)https?:|www\.|://|[\w-]+\.(?:com|net|org|kr|uk|io|co|shop|me|ly|gg)\b|\S@\S")
_PERCENT = re.compile(r"(?i)[%％‰]|percent|per cent|퍼센트|프로\s*할인")
_PLAIN_SCRIPTS = ("LATIN", "HANGUL")


def facts_in_slots(case: TextCase, rule: FreeText) -> Breach | None:
    """Free text holds no number, currency, percentage, link, code or deal word: invented offers die here."""
    if case.finished.unknown:
        return Breach(detail="unknown slot")
    free = case.finished.free
    flat = unicodedata.normalize("NFKC", free)
    found = (
        _hidden_characters(free)
        or _figures(flat)
        or ("percentage" if _PERCENT.search(flat) else "")
        or ("link" if _LINK.search(flat) else "")
        or ("slot marks" if "{" in flat or "}" in flat else "")
        or _deal_word(flat, rule.deal_words)
    )
    return Breach(detail=f"{found} outside a slot") if found else None


def slots_are_plain(case: TextCase, rule: Nothing) -> Breach | None:
    """A name from a catalogue or a form is a fact, not a place for links or control characters."""
    for name, slot in case.draft.payload.slots.items():
        if slot.kind is SlotKind.TEXT and (
            len(slot.value) > 120 or _LINK.search(unicodedata.normalize("NFKC", slot.value)) or _unseen(slot.value)
        ):
            return Breach(detail=f"slot {name} is not plain text")
    return None


def _unseen(text: str) -> bool:
    return any(unicodedata.category(ch) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") and ch != "\n" for ch in text)


def _hidden_characters(text: str) -> str:
    if _unseen(text):
        return "hidden character"
    for ch in text:
        if ch.isalpha() and not unicodedata.name(ch, "").startswith(_PLAIN_SCRIPTS):
            return "letter of another script"
    return ""


def _figures(text: str) -> str:
    for ch in text:
        category = unicodedata.category(ch)
        if category in ("Nd", "Nl", "No"):
            return "figure"
        if category == "Sc":
            return "currency"
    return ""


def _deal_word(text: str, words: tuple[str, ...]) -> str:
    lowered = unicodedata.normalize("NFC", text).lower()
    packed = re.sub(r"[\s\W_]+", "", lowered)
    spaced = " " + re.sub(r"[\W_]+", " ", lowered) + " "
    for word in words:
        hit = word.replace(" ", "") in packed if not word.isascii() else f" {word.lower()} " in spaced
        if hit:
            return "deal word"
    return ""
