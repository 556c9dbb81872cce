"""What a consent ledger says at one moment, and whether it carries the message."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.proofs.facts import Statement
from tests.proofs.oracle_law import LAW, Case, by_law


@dataclass(frozen=True)
class Word:
    """The last word on one purpose and channel: refused, granted, or (neither) never said."""

    refused: bool = False
    grant: Statement | None = None

    @property
    def consent(self) -> Statement | None:
        """The grant, if it is a consent and no exception."""
        return self.grant if self.grant and self.grant.basis == "consent" else None


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def moment_after(moment: datetime, months: int, zone: str) -> datetime:
    """The same wall clock time of `zone`, so many calendar months later."""
    local = moment.astimezone(ZoneInfo(zone))
    return datetime.combine(months_after(local.date(), months), local.time(), local.tzinfo)


def concerns(said: Statement, purpose: str, channel: str) -> bool:
    """A withdrawal that names no channel, or answers a question that has none, reaches all of them."""
    if said.purpose != purpose:
        return False
    return said.channel == channel or (said.status == "withdrawn" and "" in (said.channel, channel))


def last_word(case: Case, purpose: str, channel: str = "") -> Word:
    """Read the ledger in order of time; what was said after the message left is not known yet."""
    said = [one for one in case.person.ledger if one.at <= case.at and concerns(one, purpose, channel)]
    word = Word()
    for one in sorted(said, key=lambda one: (one.at, one.status == "withdrawn")):
        if one.status == "withdrawn":
            word = Word(refused=True)
        elif one.status == "granted" and not (word.refused and one.basis != "consent"):
            expired = one.expires_at is not None and one.expires_at <= case.at
            word = Word(refused=word.refused) if expired else Word(grant=one)
    return word


def is_covered(case: Case, grant: Statement, law: dict[str, Any]) -> bool:
    """Does this grant carry a message on this channel under this law: basis, channel, conditions, window?"""
    basis = law["bases"].get(grant.basis)
    if basis is None or case.message.channel not in basis.get("channels", law["channels"]):
        return False
    if not grant.conditions.issuperset(basis.get("conditions", ())):
        return False
    if "months" not in basis:
        return True
    if grant.deal_ended_at is None:
        return False
    return case.at < moment_after(grant.deal_ended_at, basis["months"], law["zone"])


def ground(case: Case) -> Iterator[str]:
    """Each law that applies wants a ground of its own for a pushed message."""
    for name in case.laws:
        yield from ground_under(case, LAW["grounds"][name])


def ground_under(case: Case, law: dict[str, Any]) -> Iterator[str]:
    """One law's ground; what is missing is named after the basis that was tried."""
    grant = last_word(case, "ad_sending", case.message.channel).grant
    if case.message.channel not in law["channels"] or (grant and is_covered(case, grant, law)):
        return
    basis = law["bases"].get(grant.basis, law) if grant else law
    yield basis["rule"]


def refusal(case: Case) -> Iterator[str]:
    """A refusal of the channel ends offers there, under every law."""
    law, channel = LAW["refusal"], case.message.channel
    if last_word(case, law["purpose"], channel).refused or (case.is_pushed and case.person.listed):
        yield from refused_under(case)


def refused_under(case: Case) -> Iterator[str]:
    """The ids under which a refusal binds."""
    law = LAW["refusal"]
    rules = law["rules"] | ({"us": law["us_email"]} if case.message.channel == "email" else {})
    yield from by_law(case, rules, "eu-gdpr-dm-objection")


def objected(case: Case) -> bool:
    """Refusing to have one's data used for marketing is an objection to all of it."""
    return last_word(case, LAW["objection"]["purpose"]).refused


def objection(case: Case) -> Iterator[str]:
    """No offer anywhere after an objection."""
    if objected(case):
        yield from by_law(case, LAW["objection"]["rules"], LAW["objection"]["otherwise"])


def profiling(case: Case) -> Iterator[str]:
    """Whoever chose an offer for a person profiled them."""
    if last_word(case, LAW["profiling"]["purpose"]).consent is None:
        yield LAW["profiling"]["rule"]


def processing(case: Case) -> Iterator[str]:
    """Korea: using data for marketing is a consent of its own."""
    law = LAW["processing"]
    if law["law"] in case.laws and last_word(case, law["purpose"]).consent is None:
        yield law["rule"]


def reconfirmation(case: Case) -> Iterator[str]:
    """Korea: a consent not reconfirmed before its second anniversary rests until it is."""
    law = LAW["reconfirm"]
    if law["law"] not in case.laws:
        return
    zone, channel = ZoneInfo(law["zone"]), case.message.channel
    for purpose in law["purposes"]:
        grant = last_word(case, purpose, channel).consent
        if grant is None:
            continue
        renewals = [
            one.at
            for one in case.person.ledger
            if (one.purpose, one.channel, one.status) == (purpose, channel, "reconfirmed")
            and grant.at <= one.at <= case.at
        ]
        newest = max([grant.at, *renewals]).astimezone(zone).date()
        if case.at.astimezone(zone).date() >= months_after(newest, law["months"]):
            yield law["rule"]


def sensitive_goods(case: Case) -> Iterator[str]:
    """Goods that tell of health, belief or the like need a consent of their own."""
    law = LAW["sensitive"]
    if case.message.entity in case.house.sensitive and last_word(case, law["purpose"]).consent is None:
        yield from by_law(case, law["rules"], law["otherwise"])


def asking(case: Case) -> Iterator[str]:
    """Asking for a consent: not twice in a month, never where it was refused, and in Canada itself an ad."""
    message, again, is_ad = case.message, LAW["ask_again"], LAW["ask_is_ad"]
    if not message.asks_consent:
        return
    refused = objected(case) or last_word(case, LAW["refusal"]["purpose"], message.entity or "none").refused
    recent = [
        touch
        for touch in case.person.touches
        if touch.action == message.action and 0 <= (case.at - touch.at).total_seconds() < again["days"] * 86400
    ]
    if refused or recent:
        yield again["rule"]
    if is_ad["law"] in case.laws and any(ground_under(case, LAW["grounds"][is_ad["law"]])):
        yield is_ad["rule"]
