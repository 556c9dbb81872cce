"""Values as people and spreadsheets write them, into the one form that fields are read in.

Dates of Excel, Korea, Britain and America; amounts with signs, commas, 만 and 원; telephone numbers of a country.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from agent.importing.fields import BadField, number

DateOrder = Literal["ymd", "dmy", "mdy"]
DecimalSign = Literal[".", ","]

_EXCEL_BEGAN = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day has no zone
"""Day 0 of Excel's 1900 calendar, its invented 29 February 1900 counted (ECMA-376, part 1, 18.17.4.1)."""
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
"""1954 to 2119."""
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?")
_FIGURES = re.compile(
    r"(\d{1,4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,4})\s*[일.]?(?:\s*\([월화수목금토일]\))?,?(?P<clock>.*)"
)
_NAMED_DAY_FIRST = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?,?[- ](\d{2,4}),?(?P<clock>.*)")
_NAMED_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4}),?(?P<clock>.*)")
_CLOCK = re.compile(
    r"[T\s]*(?P<before>오전|오후|am|pm)?\s*(?P<hour>\d{1,2})\s*[:시]\s*(?P<minute>\d{1,2})?\s*분?\s*"
    r"(?::?\s*(?P<second>\d{1,2})(?:\.\d+)?\s*초?)?\s*(?P<after>am|pm|a\.m\.|p\.m\.)?\s*",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_KOREAN = re.compile(
    r"(?:(\d[\d,.]*)\s*억)?\s*(?:(\d[\d,.]*)\s*만)?\s*(?:(\d[\d,.]*)\s*천)?\s*(?:(\d)\s*백)?\s*(\d[\d,]*)?"
)
_UNITS = (10**8, 10**4, 10**3, 10**2, 1)


def moment(name: str, found: str, zone: ZoneInfo | None, order: DateOrder) -> str:
    """The time in ISO 8601, with an offset where it or `zone` gives one; a day alone stands for its noon.

    Raises BadField.
    """
    found = unicodedata.normalize("NFKC", found).strip()
    if _EPOCH.fullmatch(found):
        seconds = int(found) / (1000 if len(found) == 13 else 1)
        return datetime.fromtimestamp(seconds, ZoneInfo("UTC")).isoformat()
    at = _read(name, found, order)
    if not 1900 <= at.year <= 2200:
        raise BadField(f"{name}: year out of range")
    return (at.replace(tzinfo=zone) if at.tzinfo is None and zone else at).isoformat()


def day(name: str, found: str, order: DateOrder) -> str:
    """The date in ISO 8601. Raises BadField."""
    return _read(name, unicodedata.normalize("NFKC", found).strip(), order, birthday=True).date().isoformat()


def _read(name: str, found: str, order: DateOrder, birthday: bool = False) -> datetime:
    try:
        if _SERIAL.fullmatch(found):
            at = _EXCEL_BEGAN + timedelta(days=float(found))
            return at if "." in found else at.replace(hour=12)
        if match := _COMPACT.fullmatch(found):
            return datetime(int(match[1]), int(match[2]), int(match[3]), *_hours(match))  # noqa: DTZ001
        if re.match(r"\d{4}-\d{2}-\d{2}[T ]\d", found) and (written := _iso(found)):
            return written
        for pattern, read in ((_FIGURES, _figures), (_NAMED_DAY_FIRST, _day_first), (_NAMED_MONTH_FIRST, _month_first)):
            if match := pattern.fullmatch(found):
                year, month, on = read(match, order)
                if birthday and year < 100:
                    raise BadField(f"{name}: a year of two figures may be of either century")
                hour, minute, second = _clock(match["clock"])
                return datetime(year if year > 99 else 2000 + year, month, on, hour, minute, second)  # noqa: DTZ001
    except BadField:
        raise
    except (ValueError, OverflowError) as error:
        raise BadField(f"{name}: no such date or time (the map's `dates` says which figure is the day)") from error
    raise BadField(f"{name}: not a date that can be read")


def _iso(found: str) -> datetime | None:
    try:
        return datetime.fromisoformat(found.replace("Z", "+00:00"))
    except ValueError:
        return None


def _hours(match: re.Match[str]) -> tuple[int, int, int]:
    if match[4] is None:
        return 12, 0, 0
    return int(match[4]), int(match[5]), int(match[6] or 0)


def _figures(match: re.Match[str], order: DateOrder) -> tuple[int, int, int]:
    parts = (match[1], match[2], match[3])
    places = dict(zip("ymd" if len(parts[0]) == 4 else order, parts, strict=True))
    if len(places["y"]) not in (2, 4) or len(places["d"]) > 2 or len(places["m"]) > 2:
        raise ValueError
    return int(places["y"]), int(places["m"]), int(places["d"])


def _day_first(match: re.Match[str], _: DateOrder) -> tuple[int, int, int]:
    return int(match[3]), _month(match[2]), int(match[1])


def _month_first(match: re.Match[str], _: DateOrder) -> tuple[int, int, int]:
    return int(match[3]), _month(match[1]), int(match[2])


def _month(name: str) -> int:
    found = _MONTHS.get(name[:3].lower())
    if found is None:
        raise ValueError
    return found


def _clock(found: str) -> tuple[int, int, int]:
    """(hour, minute, second); noon for none."""
    if not found.strip():
        return 12, 0, 0
    match = _CLOCK.fullmatch(found)
    if match is None:
        raise ValueError
    hour = int(match["hour"])
    half = (match["before"] or match["after"] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            if hour > 23 or half in ("오전", "am"):
                raise ValueError
            return hour, int(match["minute"] or 0), int(match["second"] or 0)
        hour = hour % 12 + (12 if half in ("오후", "pm") else 0)
    return hour, int(match["minute"] or 0), int(match["second"] or 0)


def amount(name: str, found: str, sign: DecimalSign) -> str:
    """A plain decimal number out of 648,000원, ₩18,000, 1만 8천원, £12.50, (3.00), 1.234,56. Raises BadField."""
    plain, negative = _bare(found)
    if plain and any(unit in plain for unit in "억만천백"):
        return ("-" if negative else "") + _korean(name, plain)
    if sign == ",":
        plain = plain.replace(".", "\x00").replace(",", ".").replace("\x00", ",")
    return str(number(name, ("-" if negative else "") + plain))


def _bare(found: str) -> tuple[str, bool]:
    """Without currency, brackets and sign; whether it was negative. A backslash is how CP949 shows a won sign."""
    plain = unicodedata.normalize("NFKC", found).strip().replace("−", "-")
    negative = plain.startswith("(") and plain.endswith(")")
    plain = plain.strip("()").strip()
    if plain.endswith("-") and len(plain) > 1:
        plain = "-" + plain[:-1]
    plain = re.sub(r"^([-+]?)\s*(?:[₩\\$£€¥]|[A-Z]{3}\s)\s*", r"\1", plain)
    plain = re.sub(r"\s*(?:원|₩|[$£€¥]|\s[A-Z]{3})$", "", plain)
    if plain.startswith("-"):
        return plain[1:].strip(), not negative
    return plain.removeprefix("+").strip(), negative


def _korean(name: str, plain: str) -> str:
    match = _KOREAN.fullmatch(plain)
    if match is None or not any(match.groups()):
        raise BadField(f"{name}: not a number")
    total = sum(
        (number(name, part) * unit for part, unit in zip(match.groups(), _UNITS, strict=True) if part), Decimal()
    )
    return format(total.normalize(), "f")


def phone(name: str, found: str, country: str | None) -> str:
    """The number as +821012345678 (E.164), read as one of `country` (ISO 3166-1) where it names none.

    Raises BadField.
    """
    import phonenumbers  # lazily: only people have telephones

    plain = unicodedata.normalize("NFKC", found).strip()
    if re.search(r"[^\d\s()+.\-/]", plain):
        raise BadField(f"{name}: holds more than figures, spaces, hyphens, points and brackets")
    try:
        read = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException as error:
        raise BadField(
            f"{name}: not an international number such as +821012345678, and no country says whose it is"
        ) from error
    usual = phonenumbers.is_possible_number(read) and len(phonenumbers.national_significant_number(read)) >= 9
    if not usual and not phonenumbers.is_valid_number(read):  # those set aside for examples are usual and not valid
        raise BadField(f"{name}: too long or too short for a telephone number")
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
