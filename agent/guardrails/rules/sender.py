"""Rules about the sender: certificates, platforms, lists. What the playbook does not state counts as no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from annotated_types import Ge, Gt, Le, Len

from agent.domain.customer import Basis, Condition, Purpose
from agent.guardrails.cases import Breach, ChannelCase, Nothing


@dataclass(frozen=True, slots=True)
class Since:
    """The duty begins on this date of `zone`."""

    since: date
    zone: str


def vendor_certified(case: ChannelCase, rule: Since) -> Breach | None:
    """Bulk texts go out through a vendor with a valid certificate of sender qualification, or are sent in house."""
    day = case.at.astimezone(ZoneInfo(rule.zone)).date()
    vendor = case.playbook.sending.sms_vendor
    if day < rule.since or (vendor is not None and vendor.in_house):
        return None
    if vendor is None or vendor.certificate is None or vendor.valid_to is None:
        return Breach(detail="no certificate of the SMS vendor on file")
    return Breach(detail="the SMS vendor's certificate has expired") if day > vendor.valid_to else None


@dataclass(frozen=True, slots=True)
class Audience:
    friends: Annotated[int, Ge(1)]


def kakao_audience(case: ChannelCase, rule: Audience) -> Breach | None:
    """Messages to people who are not friends of the Kakao channel need a large channel and a consent naming Kakao."""
    kakao = case.playbook.sending.kakao
    if kakao.audience == "friends":
        return None
    consent = case.situation.snapshot.grant(Purpose.AD_SENDING, case.channel, Basis.CONSENT, case.at)
    if kakao.friends < rule.friends or not kakao.optout_number:
        return Breach(detail="the Kakao channel may not write to others than its friends")
    named = consent is not None and Condition.NAMES_KAKAO in consent.conditions
    return None if named else Breach(detail="the consent does not name Kakao")


@dataclass(frozen=True, slots=True)
class Copy:
    """A do-not-call list and the most days our copy of it may be old."""

    register: Annotated[str, Len(2, 40)]
    days: Annotated[int, Ge(1), Le(366)]

    def tighter_than(self, law: Copy) -> bool:
        return self.register == law.register and self.days <= law.days


def register_fresh(case: ChannelCase, rule: Copy) -> Breach | None:
    """Nobody is texted unless the do-not-call list was copied lately."""
    for known in case.situation.snapshot.registers:
        if known.name == rule.register and known.copied_at <= case.at <= known.copied_at + timedelta(days=rule.days):
            return None
    return Breach(detail=f"no copy of {rule.register} of the last {rule.days} days")


def listed_address(case: ChannelCase, rule: Nothing) -> Breach | None:
    """An address on a suppression or do-not-call list is left alone."""
    listed = any(r.listed for r in case.situation.snapshot.reach if r.channel is case.channel)
    return Breach(detail="the address is on a list") if listed else None


@dataclass(frozen=True, slots=True)
class SpamRate:
    """The rate a sender stays below, once it has one; a rate older than `days` says nothing any more."""

    below: Annotated[float, Gt(0), Le(1)]
    days: Annotated[int, Ge(1), Le(366)]

    def tighter_than(self, law: SpamRate) -> bool:
        return self.below <= law.below and self.days <= law.days


def mailbox_rules(case: ChannelCase, rule: SpamRate) -> Breach | None:
    """The big mailbox providers take bulk mail from authenticated domains with few complaints only."""
    attested = case.playbook.attestations.email_authenticated
    if attested is None or attested > case.situation.now.date():
        return Breach(detail="SPF, DKIM and DMARC are not attested")
    complaints = case.playbook.sending.complaints
    if complaints is not None and complaints.rate >= rule.below:
        return Breach(detail=f"spam complaints at {complaints.rate:.2%}")
    stale = complaints is not None and (case.situation.now.date() - complaints.as_of).days > rule.days
    return Breach(detail="the complaint rate is out of date") if stale else None
