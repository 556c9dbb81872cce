"""Rules about what the customer agreed to, refused or objected to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from annotated_types import Ge, Le, Len

from agent.domain.customer import Basis, Channel, Condition, Consent, ConsentStatus, Purpose, Snapshot
from agent.domain.timers import months_after
from agent.guardrails.cases import ActionCase, Breach, ChannelCase, CustomerCase, Nothing


@dataclass(frozen=True, slots=True)
class ForPurpose:
    purpose: Purpose


def consent_to(case: CustomerCase, rule: ForPurpose) -> Breach | None:
    """Consent to one purpose must be on file; unknown is no."""
    if case.situation.snapshot.granted(rule.purpose, None, case.situation.now):
        return None
    return Breach(detail=f"no {rule.purpose} consent")


@dataclass(frozen=True, slots=True)
class Ground:
    """A basis that the law accepts: with every condition vouched for, and, where the law sets a window, before it ends.

    `months` counts calendar months from the end of the deal or inquiry.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    basis: Basis
    conditions: tuple[Condition, ...] = ()
    months: Annotated[int, Ge(1), Le(120)] | None = None


@dataclass(frozen=True, slots=True)
class Grounds:
    grounds: Annotated[tuple[Ground, ...], Len(1)]


def ground_to_send(case: ChannelCase, rule: Grounds) -> Breach | None:
    """For this very channel, consent or an exception that the law accepts must stand when the message leaves."""
    if any(_holds(ground, case.situation.snapshot, case.channel, case.at) for ground in rule.grounds):
        return None
    return Breach(detail=f"no ground to send ads by {case.channel}")


def _holds(ground: Ground, snapshot: Snapshot, channel: Channel, at: datetime) -> bool:
    entry = snapshot.grant(Purpose.AD_SENDING, channel, ground.basis, at)
    if entry is None or not set(ground.conditions) <= set(entry.conditions):
        return False
    if ground.months is None:
        return True
    return entry.deal_ended_at is not None and at < months_after(entry.deal_ended_at, ground.months)


def opted_out(case: ChannelCase, rule: Nothing) -> Breach | None:
    """A refusal of this channel, by whatever route, stops it at once."""
    if case.situation.snapshot.withdrawn(Purpose.AD_SENDING, case.channel):
        return Breach(detail=f"{case.channel} refused")
    return None


@dataclass(frozen=True, slots=True)
class Channels:
    channels: Annotated[tuple[Channel, ...], Len(1)]


def refused_on_one_of(case: CustomerCase, rule: Channels) -> Breach | None:
    """A refusal on one of these channels stops them all: nobody should have to refuse twice."""
    refused = [c for c in rule.channels if case.situation.snapshot.withdrawn(Purpose.AD_SENDING, c)]
    return Breach(detail=f"refused on {refused[0]}") if refused else None


def objected(case: CustomerCase, rule: Nothing) -> Breach | None:
    """An objection to direct marketing is absolute: no balancing, no date at which it ends."""
    return Breach(detail="objection on file") if case.situation.snapshot.objected_at else None


@dataclass(frozen=True, slots=True)
class Reconfirmation:
    """Consent is said again every `years`, before the anniversary on the calendar of `zone`."""

    years: Annotated[int, Ge(1), Le(10)]
    zone: str

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)


def reconfirmed_in_time(case: ChannelCase, rule: Reconfirmation) -> Breach | None:
    """An advertising or night consent that was not said again in time rests until it is."""
    zone = ZoneInfo(rule.zone)
    for purpose in (Purpose.AD_SENDING, Purpose.NIGHT):
        entry = case.situation.snapshot.grant(purpose, case.channel, Basis.CONSENT, case.at)
        if entry is not None and case.at.astimezone(zone).date() >= _anniversary(entry, rule.years, zone).date():
            return Breach(detail=f"{purpose} consent not reconfirmed within {rule.years} years")
    return None


def _anniversary(entry: Consent, years: int, zone: ZoneInfo) -> datetime:
    return months_after((entry.reconfirmed_at or entry.given_at).astimezone(zone), 12 * years)


def model_abroad(case: CustomerCase, rule: Nothing) -> Breach | None:
    """What is known of a customer goes to a model in another country only with consent to that.

    A tenant may attest that its model runs in the customers' own country.
    """
    snapshot, now = case.situation.snapshot, case.situation.now
    attested = case.playbook.attestations.model_in_country
    at_home = attested is not None and attested <= now.date()
    if at_home or snapshot.granted(Purpose.CROSS_BORDER_MODEL, None, now):
        return None
    return Breach(detail="no consent to a model abroad")


def location_agreed(case: ActionCase, rule: Nothing) -> Breach | None:
    """Where the customer is may be used only with consent to that."""
    snapshot, now = case.situation.snapshot, case.situation.now
    if case.action.uses_location and not snapshot.granted(Purpose.LOCATION, None, now):
        return Breach(detail="no location consent")
    return None


def sensitive_goods(case: ActionCase, rule: Nothing) -> Breach | None:
    """Goods that speak of health, belief, politics or sex life need a consent of their own; inferring it counts."""
    snapshot, now = case.situation.snapshot, case.situation.now
    if case.aim is None or case.aim.entity not in case.playbook.goods.sensitive:
        return None
    return None if snapshot.granted(Purpose.SENSITIVE, None, now) else Breach(detail="no consent to sensitive data")


def answer_stands(case: ActionCase, rule: Nothing) -> Breach | None:
    """Who has refused, on whatever channel, is not asked again to change their mind."""
    snapshot, asks = case.situation.snapshot, case.action.asks
    if asks is None:
        return None
    refused = any(c.purpose is asks and c.status is ConsentStatus.WITHDRAWN for c in snapshot.consents)
    return Breach(detail=f"{asks} was refused") if refused or snapshot.objected_at else None
