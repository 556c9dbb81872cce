"""Rules about the hour on the customer's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.domain.customer import Purpose
from agent.guardrails.cases import Breach, TreatmentCase

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Hours:
    """Messages may leave from `opens` on and before `closes`, in every one of `zones` (`customer` or an IANA name).

    `unless` names a consent that lifts the rule for this channel, where the law knows one.
    """

    opens: time
    closes: time
    zones: tuple[str, ...] = (CUSTOMER,)
    unless: Purpose | None = None

    def __post_init__(self) -> None:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError('opens and closes are times in quotes, such as "08:00"')
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        for zone in self.zones:
            if zone != CUSTOMER:
                ZoneInfo(zone)


def quiet_hours(case: TreatmentCase, rule: Hours) -> Breach | None:
    """Nothing leaves at night; the breach names the first minute after it."""
    snapshot = case.situation.snapshot
    if rule.unless is not None and snapshot.granted(rule.unless, case.channel, case.at):
        return None
    until = case.at
    for name in rule.zones:
        zone = snapshot.zone if name == CUSTOMER else name
        if zone is None:
            return Breach(detail="time zone unknown")
        until = max(until, _first_open(case.at, ZoneInfo(zone), rule))
    if until == case.at:
        return None
    return Breach(detail=f"open {rule.opens:%H:%M}-{rule.closes:%H:%M}", until=until)


def _first_open(at: datetime, zone: ZoneInfo, rule: Hours) -> datetime:
    """The first instant at or after `at` inside the hours. Wall-clock times, so that clock changes count."""
    local = at.astimezone(zone)
    if rule.opens <= local.time() < rule.closes:
        return at
    day = local.date() if local.time() < rule.opens else local.date() + timedelta(days=1)
    opening = datetime.combine(day, rule.opens, zone).astimezone(at.tzinfo)
    # An opening that the spring clock change skips reads as a wall time before it: step to the first real one.
    while opening.astimezone(zone).time() < rule.opens:
        opening += timedelta(minutes=1)
    return opening
