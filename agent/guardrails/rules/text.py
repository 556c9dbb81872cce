"""Rules about the finished text: what may not stand outside a typed slot, and what may not be said at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from agent.domain.bundle import SlotKind
from agent.domain.customer import Channel
from agent.guardrails.cases import Breach, Nothing, TextCase
from agent.guardrails.lexicon import Families
from agent.guardrails.words import is_plain, slots_in

_LINK = re.compile(r"(?i)https?:|www\.|://|\w/\w|\w\.[^\W\d_]|\S@\S|[。．]\w")
_ADJACENT = re.compile(r"(\{\{[^{}]*\}\})[\s,.]*\1")
_PERCENT = re.compile(r"[%％‰]")
_CODE = re.compile(r"\b[A-Z]{5,}\b")
_PLAIN = re.compile("[\n !\"#&'()*+,.\\-:;=?A-Za-z가-힣“”‘’…·–—]*")
"""Text of these characters alone holds no figure, currency or hidden character: most texts are quickly done with."""
_PLAIN_SCRIPTS = ("LATIN", "HANGUL")
_FILLERS = "\u115f\u1160\u3164\uffa0"
LONGEST_FREE = 4_000


def facts_in_slots(case: TextCase, rule: Families) -> Breach | None:
    """Free text holds no number, currency, percentage, link, code or deal word: invented offers die here."""
    if case.finished.unknown:
        return Breach(detail="unknown slot")
    free, words = case.finished.free, case.draft.payload.words
    if len(free) > LONGEST_FREE:
        return Breach(detail="too long to be checked")
    plain = _PLAIN.fullmatch(free) is not None
    flat = free if plain else unicodedata.normalize("NFKC", free)
    found = (
        ("" if plain else _odd_characters(free) or _figures(free + flat))
        or ("percentage" if _PERCENT.search(flat) else "")
        or ("link" if _LINK.search(flat) else "")
        or ("code" if _CODE.search(flat) else "")
        or ("slot marks" if "{" in flat or "}" in flat else "")
        or ("two facts run together" if _ADJACENT.search(words.subject + "\n" + words.body) else "")
        or ("deal word" if rule.found_in(free) else "")
    )
    return Breach(detail=f"{found} outside a slot") if found else None


def never_said(case: TextCase, rule: Families) -> Breach | None:
    """Words that no message of ours says: pressure, shame, false labels, claims to be human, talk of the machinery."""
    return Breach(detail="a word that is never said") if rule.found_in(case.finished.free) else None


def slots_are_plain(case: TextCase, rule: Nothing) -> Breach | None:
    """A name from a catalogue or a form is a fact, not a place for links or control characters."""
    for name, slot in case.draft.payload.slots.items():
        if slot.kind is SlotKind.TEXT and not is_plain(slot.value):
            return Breach(detail=f"slot {name} is not plain text")
    return None


@dataclass(frozen=True, slots=True)
class Shape:
    """Which channels have a subject or title, and how many characters each field may have, with what the law adds."""

    subjects: tuple[Channel, ...]
    longest_subject: Annotated[int, Ge(1)]
    longest_body: Mapping[Channel, Annotated[int, Ge(1)]]

    def over(self, channel: Channel, whole: str) -> Breach | None:
        """By how much the whole message exceeds the channel."""
        over = len(whole) - self.longest_body.get(channel, 0)
        return Breach(detail="too long with the legal lines", too_long_by=over) if over > 0 else None


def fits_the_channel(case: TextCase, rule: Shape) -> Breach | None:
    """One line of subject where the channel has one and none elsewhere; a body that says something and fits."""
    subject, body = case.finished.subject, case.finished.body
    if bool(subject.strip()) is not (case.channel in rule.subjects):
        return Breach(detail="a subject belongs to e-mail and push, and only there")
    if "\n" in subject or "\r" in subject or len(subject) > rule.longest_subject:
        return Breach(detail="subject of more than one short line")
    if not any(ch.isalpha() for ch in body):
        return Breach(detail="empty body")
    over = len(body) - rule.longest_body.get(case.channel, 0)
    return Breach(detail="body too long", too_long_by=over) if over > 0 else None


def conditions_shown(case: TextCase, rule: Nothing) -> Breach | None:
    """What the tool says must stand beside the benefit stands there: code, minimum, greatest discount, last day."""
    words = case.draft.payload.words
    shown = set(slots_in(words.subject + words.body))
    missing = [name for name in case.draft.required if name not in shown]
    return Breach(detail=f"{missing[0]} not shown") if missing else None


@dataclass(frozen=True, slots=True)
class Share:
    """The least share of letters that are Hangul in a Korean text; an English one has none at all."""

    hangul: Annotated[float, Gt(0), Le(1)]


def in_the_customers_language(case: TextCase, rule: Share) -> Breach | None:
    """Who reads Korean gets Korean, who reads English gets English."""
    letters = [ch for ch in case.finished.free if ch.isalpha()]
    hangul = sum("가" <= ch <= "힣" for ch in letters)
    if case.situation.snapshot.locale == "ko":
        return Breach(detail="not in Korean") if letters and hangul < rule.hangul * len(letters) else None
    return Breach(detail="not in English") if hangul else None


def _odd_characters(text: str) -> str:
    for ch in unicodedata.normalize("NFC", text):
        category = unicodedata.category(ch)
        if (category[0] == "C" and ch != "\n") or category in ("Zl", "Zp", "Me", "Mn") or ch in _FILLERS:
            return "hidden character"
        if 0x1F110 <= ord(ch) <= 0x1F1FF or (ch.isalpha() and not unicodedata.name(ch, "").startswith(_PLAIN_SCRIPTS)):
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
