"""Rules about the hour on the customer's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from agent.domain.customer import Purpose
from agent.guardrails.cases import Breach, TreatmentCase

CUSTOMER = "customer"
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of one kind of day, quoted: {opens: "12:00", closes: "21:00"}."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError('opens and closes are times in quotes, such as "08:00"')
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")


@dataclass(frozen=True, slots=True)
class Hours(Window):
    """Messages may leave from `opens` on and before `closes`, in every one of `zones` (`customer` or an IANA name).

    `sundays` are their hours where they differ; `unless` names a consent that lifts the rule for this channel, where
    the law knows one; `kakao` narrows the rule to one Kakao product.
    """

    zones: tuple[str, ...] = (CUSTOMER,)
    unless: Purpose | None = None
    sundays: Window | None = None
    kakao: Literal["brand_message", "friend_talk"] | None = None

    def __post_init__(self) -> None:
        Window.__post_init__(self)
        for zone in self.zones:
            if zone != CUSTOMER:
                ZoneInfo(zone)

    def on(self, day: date) -> Window:
        return self.sundays if self.sundays is not None and day.weekday() == SUNDAY else self

    def tighter_than(self, law: Hours) -> bool:
        mine, theirs = self.sundays or self, law.sundays or law
        return (
            self.opens >= law.opens
            and self.closes <= law.closes
            and mine.opens >= theirs.opens
            and mine.closes <= theirs.closes
            and set(self.zones) >= set(law.zones)
            and self.unless in (None, law.unless)
            and self.kakao in (None, law.kakao)
        )


def quiet_hours(case: TreatmentCase, rule: Hours) -> Breach | None:
    """Nothing leaves at night; the breach names the first minute after it."""
    snapshot = case.situation.snapshot
    if rule.kakao is not None and case.playbook.sending.kakao.product != rule.kakao:
        return None
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
    """When the hours that hold at `at`, or the next ones, open. Wall-clock times, so that clock changes count."""
    local = at.astimezone(zone)
    day = local.date() + timedelta(days=local.time() >= rule.on(local.date()).closes)
    opens = rule.on(day).opens
    opening = datetime.combine(day, opens, zone).astimezone(at.tzinfo)
    # An opening that the spring clock change skips reads as a wall time before it: step to the first real one.
    while opening.astimezone(zone).time() < opens:
        opening += timedelta(minutes=1)
    return opening
