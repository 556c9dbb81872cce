"""Fields of outside records, read strictly: each failure says what was wrong, never what stood there."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from agent.domain.imports import Row

LONGEST_TEXT = 400
_IN_NAMES = " .'’-·"
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}\.[^@\s]{2,63}")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")

_NO_IN_ENGLISH = "withdrawn refused revoked denied declined opted_out opted-out optout unsubscribed no n x 0 false"
_NO_IN_KOREAN = "거절 거부 미동의 비동의 수신거부 철회 아니오 아니요"
REFUSALS = frozenset(f"{_NO_IN_ENGLISH} {_NO_IN_KOREAN}".split())
"""How a refusal is spelt, in a column of consents or in a file of them: it counts in every spelling."""


PSEUDONYM = re.compile(r"c_[0-9a-f]{20}")
"""What we call customers: taken for a caller's number, it would be somebody else under the same name."""


class BadField(ValueError):
    """The row goes to quarantine with this reason. `saved` are parts of it that count all the same: a refusal."""

    saved: tuple[Row, ...] = ()

    def saving(self, *rows: Row) -> BadField:
        self.saved = rows
        return self


_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_MARKS = "\u200e\u200f\u061c\ufeff"
"""Marks of direction that programs put around names written from right to left; inside one they would hide."""
_FORMULA = re.compile(r"[=@]|[-+]\s*[^\d\s.,]")


def hidden(found: str) -> bool:
    """True for control, direction and zero-width characters: they would act on a terminal, a log or a reader."""
    return _HIDDEN.search(found) is not None


def text(fields: dict[str, object], name: str, *, most: int = LONGEST_TEXT) -> str:
    """The field as trimmed text, '' where absent."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, bool | dict | list):
        raise BadField(f"{name}: not text")
    found = str(value).strip().strip(_MARKS)
    if len(found) > most:
        raise BadField(f"{name}: longer than {most} characters")
    if hidden(found):
        raise BadField(f"{name}: holds a control or hidden character")
    return found


def prose(fields: dict[str, object], name: str, *, most: int) -> str:
    """Text of several lines as somebody typed it; other control and direction characters become spaces."""
    value = fields.get(name)
    found = "" if value is None else str(value).strip()
    if len(found) > most:
        raise BadField(f"{name}: longer than {most:,} characters")
    return "\n".join(_HIDDEN.sub(" ", line) for line in found.splitlines())


def required(fields: dict[str, object], name: str, *, most: int = LONGEST_TEXT) -> str:
    found = text(fields, name, most=most)
    if not found:
        raise BadField(f"{name}: empty")
    return found


def name(fields: dict[str, object], field: str, *, most: int = LONGEST_TEXT) -> str:
    """A name that messages may show: nothing that a spreadsheet would run."""
    found = required(fields, field, most=most)
    if _FORMULA.match(found):
        raise BadField(f"{field}: begins like a formula of a spreadsheet")
    return found


def person(fields: dict[str, object], field: str = "first_name") -> str:
    """A first name as a person would write it, '' where absent: no figures or links, which would be words of another.

    A point only ends an initial: between letters it would make a link.
    """
    found = text(fields, field, most=60)
    if re.search(r"\.(?=\S)", found) or any(not (ch.isalpha() or ch in _IN_NAMES or _joins(ch)) for ch in found):
        raise BadField(f"{field}: only letters, spaces, hyphens and apostrophes")
    return found


def _joins(ch: str) -> bool:
    """Marks over or under a letter, as Arabic, Hebrew or Devanagari write them."""
    return unicodedata.category(ch) in ("Mn", "Mc")


def email(fields: dict[str, object], field: str = "email") -> str:
    """An address in lower case: two spellings of it are one mailbox."""
    found = unicodedata.normalize("NFKC", required(fields, field, most=320)).lower()
    if not _EMAIL.fullmatch(found):
        raise BadField(f"{field}: not an address")
    return found


def customer(fields: dict[str, object], name: str = "customer") -> str:
    """An external id; spreadsheets write whole numbers as 17850.0."""
    found = required(fields, name, most=120)
    if PSEUDONYM.fullmatch(found):
        raise BadField(f"{name}: a pseudonym of ours, send your own number")
    return found.removesuffix(".0") if re.fullmatch(r"\d+\.0", found) else found


def moment(fields: dict[str, object], name: str, zone: ZoneInfo | None = None) -> datetime:
    """An ISO 8601 time, in UTC. Without an offset it is read in `zone`; if none is given it is refused."""
    found = required(fields, name, most=40)
    try:
        at = datetime.fromisoformat(found)
    except ValueError as error:
        raise BadField(f"{name}: not an ISO 8601 date and time") from error
    if at.tzinfo is None:
        if zone is None:
            raise BadField(f"{name}: no time zone, write an offset such as +09:00 or Z")
        at = at.replace(tzinfo=zone)
    if not 1900 <= at.year <= 2200:
        raise BadField(f"{name}: year out of range")
    return at.astimezone(UTC)


def maybe_moment(fields: dict[str, object], name: str, zone: ZoneInfo | None = None) -> datetime | None:
    return moment(fields, name, zone) if text(fields, name, most=40) else None


def amount(fields: dict[str, object], name: str) -> Decimal:
    """A finite decimal number, with commas between thousands or without."""
    return number(name, required(fields, name, most=40))


def number(name: str, found: str) -> Decimal:
    """The text as a finite decimal number. Raises BadField."""
    if "," in found and not _THOUSANDS.fullmatch(found):
        raise BadField(f"{name}: not a number (is the comma its decimal sign? Say so in a map)")
    try:
        read = Decimal(found.replace(",", ""))
    except InvalidOperation as error:
        raise BadField(f"{name}: not a number") from error
    if not read.is_finite() or read.adjusted() > 12:
        raise BadField(f"{name}: not a finite number of this world")
    return read


def whole(fields: dict[str, object], name: str) -> int:
    found = amount(fields, name)
    if found != found.to_integral_value() or abs(found) > 2**31 - 1:
        raise BadField(f"{name}: not a whole number")
    return int(found)


def one_of(fields: dict[str, object], name: str, allowed: type[object]) -> str:
    """One of the values of an enumeration."""
    found = text(fields, name, most=40).lower()
    values = [member.value for member in allowed]  # type: ignore[attr-defined]
    if found not in values:
        raise BadField(f"{name}: not one of {', '.join(values)}")
    return found
