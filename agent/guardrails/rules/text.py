"""Rules about the finished text: what the law puts in, and what may not stand outside a typed slot."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Len

from agent.domain.bundle import SlotKind
from agent.domain.customer import Channel
from agent.domain.verdict import Amendment, Place
from agent.guardrails.cases import Breach, Nothing, TextCase
from agent.guardrails.words import is_plain, slots_in

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


_LINK = re.compile(r"(?i)https?:|www\.|://|\w/\w|\w\.[^\W\d_]|\S@\S")
_PERCENT = re.compile(r"(?i)[%％‰]|percent|per cent|퍼센트|프로\s*할인")
_CODE = re.compile(r"\b[A-Z]{5,}\b")
_SPELLED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")
_PLAIN_SCRIPTS = ("LATIN", "HANGUL")
_FILLERS = "\u115f\u1160\u3164\uffa0"
LONGEST_FREE = 4_000


def facts_in_slots(case: TextCase, rule: FreeText) -> Breach | None:
    """Free text holds no number, currency, percentage, link, code or deal word: invented offers die here."""
    if case.finished.unknown:
        return Breach(detail="unknown slot")
    free = case.finished.free
    if len(free) > LONGEST_FREE:
        return Breach(detail="too long to be checked")
    flat = unicodedata.normalize("NFKC", free)
    found = (
        _odd_characters(free)
        or _figures(flat)
        or ("percentage" if _PERCENT.search(flat) else "")
        or ("link" if _LINK.search(flat) else "")
        or ("code" if _CODE.search(flat) else "")
        or ("slot marks" if "{" in flat or "}" in flat else "")
        or _deal_word(flat, rule.deal_words)
    )
    return Breach(detail=f"{found} outside a slot") if found else None


def slots_are_plain(case: TextCase, rule: Nothing) -> Breach | None:
    """A name from a catalogue or a form is a fact, not a place for links or control characters."""
    for name, slot in case.draft.payload.slots.items():
        if slot.kind is SlotKind.TEXT and not is_plain(slot.value):
            return Breach(detail=f"slot {name} is not plain text")
    return None


@dataclass(frozen=True, slots=True)
class Shape:
    """Which channels have a subject or title, and how many characters each field may have before the legal lines."""

    subjects: tuple[Channel, ...]
    longest_subject: Annotated[int, Ge(1)]
    longest_body: Mapping[Channel, Annotated[int, Ge(1)]]


def fits_the_channel(case: TextCase, rule: Shape) -> Breach | None:
    """One line of subject where the channel has one and none elsewhere; a body that says something and fits."""
    subject, body = case.finished.subject, case.finished.body
    if bool(subject.strip()) is not (case.channel in rule.subjects):
        return Breach(detail="subject missing" if case.channel in rule.subjects else "no subject on this channel")
    if "\n" in subject or "\r" in subject or len(subject) > rule.longest_subject:
        return Breach(detail="subject of more than one short line")
    if not any(ch.isalpha() for ch in body):
        return Breach(detail="empty body")
    if len(body) > rule.longest_body.get(case.channel, 0):
        return Breach(detail="body too long")
    return None


def conditions_shown(case: TextCase, rule: Nothing) -> Breach | None:
    """What the tool says must stand beside the benefit stands there: code, minimum, greatest discount, last day."""
    words = case.draft.payload.words
    shown = set(slots_in(words.subject + words.body))
    missing = [name for name in case.draft.required if name not in shown]
    return Breach(detail=f"{missing[0]} not shown") if missing else None


def _odd_characters(text: str) -> str:
    for ch in unicodedata.normalize("NFC", text):
        category = unicodedata.category(ch)
        if (category[0] == "C" and ch != "\n") or category in ("Zl", "Zp", "Me", "Mn") or ch in _FILLERS:
            return "hidden character"
        if 0x1F100 <= ord(ch) <= 0x1F1FF or (ch.isalpha() and not unicodedata.name(ch, "").startswith(_PLAIN_SCRIPTS)):
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
    """Korean words match anywhere, whatever stands between their letters; English ones at the start of a word."""
    lowered = unicodedata.normalize("NFC", text).lower()
    packed = re.sub(r"[\W_]+", "", lowered)
    spaced = " " + re.sub(r"[\W_]+", " ", lowered) + " "
    spaced = _SPELLED.sub(lambda match: match.group(0).replace(" ", ""), spaced)
    for word in words:
        hit = word.replace(" ", "") in packed if not word.isascii() else f" {word.lower()}" in spaced
        if hit:
            return "deal word"
    return ""
