"""Words with typed slots: filled from facts, with Korean particles, in the reader's own way of writing numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency

from agent.domain.bundle import NAMELESS, Effect, Envelope, Payload, SlotKind, SlotValue, Words
from agent.domain.customer import Channel
from agent.domain.ids import TenantId
from agent.domain.verdict import Amendment, Place

SLOT = re.compile(r"\{\{\s*([a-z_]+(?:\.[a-z_]+)*)\s*(?:\|\s*([^{}|/]{1,4})/([^{}|/]{1,4})\s*)?\}\}")
_PARTICLES = frozenset(
    {
        ("은", "는"),
        ("이", "가"),
        ("을", "를"),
        ("과", "와"),
        ("으로", "로"),
        ("아", "야"),
        ("이에요", "예요"),
        ("이라", "라"),
        ("이나", "나"),
    }
)
"""What may follow a slot, after a consonant and after a vowel. Anything else would escape the text rules."""
_LINKS = re.compile(r"(?i)https?:|www\.|://|@|[a-z0-9-]\.[a-z]{2}")
LONGEST_NAME = 120
_BABEL = {"ko": "ko_KR", "en": "en_GB"}
_MOMENT = {"ko": "M월 d일 (E) aaaa h:mm", "en": "EEE d MMM, HH:mm"}
_DATE = {"ko": "y년 M월 d일", "en": "d MMMM y"}


@dataclass(frozen=True, slots=True)
class Finished:
    """Text as it would be read, and the free text: all that stood outside the slots, a line for each field."""

    subject: str
    body: str
    free: str
    unknown: tuple[str, ...]


def slots_in(text: str) -> tuple[str, ...]:
    return tuple(match.group(1) for match in SLOT.finditer(text))


def finish(words: Words, slots: Mapping[str, SlotValue], locale: str) -> Finished:
    """The words with every known slot filled. Unknown slots are named in `unknown` and left as they are."""
    unknown: list[str] = []

    def put(match: re.Match[str]) -> str:
        value, pair = slots.get(match.group(1)), (match.group(2), match.group(3))
        if value is None or (pair != (None, None) and pair not in _PARTICLES):
            unknown.append(match.group(1))
            return match.group(0)
        shown = show(value, locale)
        return shown + _particle(shown, *pair) if pair in _PARTICLES else shown

    subject, body = (_address(SLOT.sub(put, text), locale) for text in (words.subject, words.body))
    free = SLOT.sub(" ", words.subject) + "\n" + SLOT.sub(" ", words.body)
    return Finished(subject=subject, body=body, free=free, unknown=tuple(unknown))


def _address(text: str, locale: str) -> str:
    """A name stands apart from its 님, the word that stands for none does not: 서연 님, 고객님."""
    return text.replace(f"{NAMELESS['ko']} 님", f"{NAMELESS['ko']}님") if locale == "ko" else text


def compose(
    payload: Payload, locale: str, late: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """(subject, body) as they leave the house: slots filled, `late` values put in, amendments in the medium's order.

    `links` are the house's own; everything else that is filled in late has to be plain.
    """
    slots = dict(payload.slots)
    slots |= {name: SlotValue(kind=SlotKind.TEXT, value=url) for name, url in (links or {}).items() if name in slots}
    for name, text in (late or {}).items():
        if name in slots and is_plain(text):
            slots[name] = SlotValue(kind=SlotKind.TEXT, value=text)
    finished = finish(payload.words, slots, locale)
    return amend(finished.subject, finished.body, payload.amendments)


def links_of(effect: Effect, home: str) -> dict[str, str]:
    """The links of one effect, below the brand's own address: named by its key, which nobody can guess."""
    return {"reorder.link": f"{home}/reorder/{effect.key}"}


def seal(
    effect: Effect, tenant: TenantId, locale: str, late: Mapping[str, str], headers: Mapping[str, str], home: str
) -> Envelope:
    """The final bytes of an effect, for its own customer. `late` fills what is known only at sending."""
    subject, body = compose(effect.payload, locale, late, links_of(effect, home))
    marked = {"X-AI-Generated": "text"} if effect.payload.generated and effect.channel is Channel.EMAIL else {}
    return Envelope(
        tenant=tenant,
        recipient=effect.customer,
        effect=effect,
        subject=subject,
        body=body,
        headers={**headers, **marked},
    )


def one_click_headers(base: str, token: str) -> dict[str, str]:
    """The headers of an e-mail that one click unsubscribes from (RFC 8058 section 3.1)."""
    return {
        "List-Unsubscribe": f"<{base.rstrip('/')}/{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def is_plain(text: str) -> bool:
    """A name or title that is only that: bounded, and without links, control, hidden or directing characters."""
    if len(text) > LONGEST_NAME or _LINKS.search(unicodedata.normalize("NFKC", text)):
        return False
    return not any(unicodedata.category(ch) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") for ch in text)


def amend(subject: str, body: str, amendments: tuple[Amendment, ...]) -> tuple[str, str]:
    at = {place: [a.text for a in sorted(amendments, key=lambda a: a.order) if a.place is place] for place in Place}
    subject = " ".join([*at[Place.SUBJECT_START], subject]) if subject or at[Place.SUBJECT_START] else subject
    start = " ".join(at[Place.BODY_START])
    return subject, "\n".join([*([start] if start else []), body, *at[Place.BODY_END]])


@lru_cache(maxsize=4096)
def show(value: SlotValue, locale: str) -> str:
    """A typed fact as the reader writes it: 12,000원, £12.00, 11월 23일 (월) 오후 2:00, Mon 23 Nov, 14:00."""
    if value.kind is SlotKind.MONEY:
        return money(Decimal(value.value), value.unit, locale)
    if value.kind is SlotKind.MOMENT:
        zone = ZoneInfo(value.unit)
        return format_datetime(datetime.fromisoformat(value.value), _MOMENT[locale], tzinfo=zone, locale=_BABEL[locale])
    if value.kind is SlotKind.DATE:
        return format_date(date.fromisoformat(value.value), _DATE[locale], locale=_BABEL[locale])
    if value.kind is SlotKind.PERCENT:
        return f"{int(value.value)}%"
    return value.value


def money(amount: Decimal, currency: str, locale: str) -> str:
    """An amount as people write it: 12,000원 among Koreans, £12.00 among Britons."""
    pattern = "#,##0원" if (currency, locale) == ("KRW", "ko") else None
    return format_currency(amount, currency, pattern, locale=_BABEL[locale])


def _particle(word: str, after_consonant: str, after_vowel: str) -> str:
    """The Korean particle that fits the word's last sound; digits are read in Sino-Korean, Latin letters as vowels."""
    last = word.rstrip("”\"')]")[-1:]
    hangul = "가" <= last <= "힣"
    closed = (ord(last) - ord("가")) % 28 > 0 if hangul else last in "013678LMNRlmnr"
    if after_consonant == "으로" and ((hangul and (ord(last) - ord("가")) % 28 == 8) or last in "1LlRr78"):
        closed = False  # after ㄹ it is 로
    return after_consonant if closed else after_vowel
