"""The time zone of a country that has exactly one."""

from __future__ import annotations

from functools import cache

from babel.core import get_global


@cache
def _only_zones() -> dict[str, str]:
    zones: dict[str, set[str]] = {}
    for zone, country in get_global("zone_territories").items():
        zones.setdefault(country, set()).add(zone)
    return {country: found.pop() for country, found in zones.items() if len(found) == 1}


def zone_of(country: str | None) -> str | None:
    """The IANA name, or None for an unknown country and for one with several zones: a guess would be a risk."""
    return _only_zones().get(country or "")


def country_of(zone: str) -> str | None:
    """The country that an IANA zone lies in, None for an unknown or shared one."""
    found = get_global("zone_territories").get(zone)
    return str(found) if found else None
