"""Free places in the hosts' calendars: their hours in their zones, without weekends and public holidays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from agent.domain.customer import OpenSlot
from agent.domain.playbook import Calendar

DAYS_AHEAD = 14


def openings(
    calendars: tuple[Calendar, ...], country: str, now: datetime, taken: frozenset[str], limit: int = 3
) -> list[OpenSlot]:
    """The next free places, over all hosts, soonest first. All times aware. `country` is the brand's (ISO 3166-1)."""
    found: list[OpenSlot] = []
    for calendar in calendars:
        mine: list[OpenSlot] = []
        zone = ZoneInfo(calendar.zone)
        earliest = now + timedelta(minutes=calendar.notice_minutes)
        today = now.astimezone(zone).date()
        for offset in range(DAYS_AHEAD):
            mine += [
                slot
                for slot in _slots_of(calendar, country, zone, today + timedelta(days=offset))
                if slot.starts_at >= earliest and slot.slot_id not in taken
            ]
            if len(mine) >= limit:
                break
        found += mine[:limit]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.slot_id))[:limit]


def slot_at(calendars: tuple[Calendar, ...], country: str, host: str, starts_at: datetime) -> OpenSlot | None:
    """The place of this host that begins at this instant, if their calendar has one."""
    for calendar in calendars:
        if calendar.host == host:
            zone = ZoneInfo(calendar.zone)
            day = starts_at.astimezone(zone).date()
            for slot in _slots_of(calendar, country, zone, day):
                if slot.starts_at == starts_at:
                    return slot
    return None


def _slots_of(calendar: Calendar, country: str, zone: ZoneInfo, day: date) -> list[OpenSlot]:
    """Places by the clock on the host's wall; each is named by the instant at which it begins."""
    if day.weekday() not in calendar.weekdays or _is_holiday(calendar.holidays or country, day):
        return []
    slots = []
    length = timedelta(minutes=calendar.minutes)
    start = datetime.combine(day, calendar.opens, zone)
    closes = datetime.combine(day, calendar.closes, zone)
    while start + length <= closes:
        name = f"{calendar.host}@{start.isoformat()}"
        slots.append(OpenSlot(slot_id=name, starts_at=start, ends_at=start + length))
        start += length
    return slots


@cache
def _is_holiday(place: str, day: date) -> bool:
    """A public holiday of a country, or of a part of it (GB-ENG). Where no list is known there is none."""
    import holidays  # lazily: it loads the calendars of the world

    country, _, part = place.partition("-")
    return has_holidays(place) and day in holidays.country_holidays(country, subdiv=part or None, years=day.year)


@cache
def has_holidays(place: str) -> bool:
    """True where the public holidays of this country, or of this part of it, are known."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    country, _, part = place.partition("-")
    return country in known and (not part or part in known[country])
