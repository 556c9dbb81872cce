"""Rules about how often, about what was refused or ignored, and about people who have a worry open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from annotated_types import Ge, Le

from agent.domain.customer import REFUSING_EVENTS, Contact
from agent.guardrails.cases import ActionCase, Breach, ChannelCase, CustomerCase

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cap:
    contacts: Annotated[int, Ge(0)]
    days: Annotated[int, Ge(1), Le(365)]

    def tighter_than(self, law: Cap) -> bool:
        return self.contacts <= law.contacts and self.days >= law.days


def contact_cap(case: CustomerCase, rule: Cap) -> Breach | None:
    """Offers on all surfaces together; a playbook may lower the cap, never raise it. Reserved contacts count."""
    cap = min(rule.contacts, case.playbook.limits.weekly_contacts)
    made = _offers_since(case.situation.snapshot.contacts, case.situation.now - timedelta(days=rule.days))
    return Breach(detail=f"{len(made)} of {cap} in {rule.days} days") if len(made) >= cap else None


@dataclass(frozen=True, slots=True)
class ChannelCap:
    contacts: Annotated[int, Ge(0)]
    hours: Annotated[int, Ge(1), Le(8760)]

    def tighter_than(self, law: ChannelCap) -> bool:
        return self.contacts <= law.contacts and self.hours >= law.hours


def channel_cap(case: ChannelCase, rule: ChannelCap) -> Breach | None:
    """Offers on this channel, over all campaigns and subjects."""
    since = case.at - timedelta(hours=rule.hours)
    made = [c for c in _offers_since(case.situation.snapshot.contacts, since) if c.channel is case.channel]
    if len(made) < rule.contacts:
        return None
    return Breach(detail=f"{len(made)} of {rule.contacts} by {case.channel} in {rule.hours} hours")


@dataclass(frozen=True, slots=True)
class WeeklyCap:
    """`contacts` a week where the owner says nothing; the owner may allow up to `most`."""

    contacts: Annotated[int, Ge(0)]
    most: Annotated[int, Ge(0)]

    def tighter_than(self, law: WeeklyCap) -> bool:
        return self.contacts <= law.contacts and self.most <= law.most


def weekly_cap(case: ChannelCase, rule: WeeklyCap) -> Breach | None:
    """Offers on this channel in seven days, within what the owner allows."""
    cap = min(case.playbook.limits.weekly_by_channel.get(case.channel, rule.contacts), rule.most)
    made = [c for c in _offers_since(case.situation.snapshot.contacts, case.at - 7 * DAY) if c.channel is case.channel]
    return Breach(detail=f"{len(made)} of {cap} by {case.channel} in a week") if len(made) >= cap else None


def _offers_since(contacts: tuple[Contact, ...], since: datetime) -> list[Contact]:
    return [contact for contact in contacts if contact.kind == "offer" and contact.at > since]


@dataclass(frozen=True, slots=True)
class Days:
    days: Annotated[int, Ge(0), Le(3650)]

    def tighter_than(self, law: Days) -> bool:
        return self.days >= law.days


def same_offer_again(case: ActionCase, rule: Days) -> Breach | None:
    """The same offer about the same thing is made once, not again and again."""
    if case.aim is None:
        return None
    since = case.situation.now - timedelta(days=rule.days)
    for contact in case.situation.snapshot.contacts:
        if contact.action == case.action.name and contact.entity == case.aim.entity and contact.at > since:
            return Breach(detail=f"offered within {rule.days} days")
    return None


@dataclass(frozen=True, slots=True)
class Ignored:
    """`times` ignores `within_days` rest the offer for `rest_days`. Silence for `silent_days` is an ignore too."""

    times: Annotated[int, Ge(1), Le(20)]
    within_days: Annotated[int, Ge(1), Le(60)]
    rest_days: Annotated[int, Ge(1), Le(365)]
    silent_days: Annotated[int, Ge(1), Le(30)]

    def tighter_than(self, law: Ignored) -> bool:
        return (
            self.times <= law.times
            and self.within_days >= law.within_days
            and self.rest_days >= law.rest_days
            and self.silent_days <= law.silent_days
        )


def ignored_before(case: ActionCase, rule: Ignored) -> Breach | None:
    """An offer that was ignored again and again rests."""
    now, ignores = case.situation.now, []
    entity = case.aim.entity if case.aim else ""
    for contact in case.situation.snapshot.contacts:
        if contact.action == case.action.name and contact.entity == entity:
            at = _ignored_at(contact, rule.silent_days)
            if at is not None and at <= now:
                ignores.append(at)
    ignores.sort()
    for first, last in zip(ignores, ignores[rule.times - 1 :], strict=False):
        if last - first <= rule.within_days * DAY and now < last + rule.rest_days * DAY:
            return Breach(detail=f"ignored {rule.times} times in {rule.within_days} days")
    return None


def _ignored_at(contact: Contact, silent_days: int) -> datetime | None:
    if contact.outcome == "ignored":
        return contact.outcome_at
    return contact.at + silent_days * DAY if contact.outcome in ("", "viewed") else None


@dataclass(frozen=True, slots=True)
class Refusals:
    """`events` names what a customer does that says no to an action: {chat_declined: [offer_chat]}."""

    days: Annotated[int, Ge(1), Le(365)]
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.events) - set(REFUSING_EVENTS)
        if unknown:
            raise ValueError(f"events.{min(unknown)}: only {', '.join(REFUSING_EVENTS)} is kept so long")

    def tighter_than(self, law: Refusals) -> bool:
        return self.days >= law.days and all(
            set(self.events.get(event, ())) >= set(actions) for event, actions in law.events.items()
        )


def rejected_before(case: ActionCase, rule: Refusals) -> Breach | None:
    """Who said no is left in peace with that offer."""
    snapshot, since = case.situation.snapshot, case.situation.now - rule.days * DAY
    said = [c.outcome_at or c.at for c in snapshot.contacts if c.action == case.action.name and c.outcome == "declined"]
    said += [e.at for e in snapshot.events if case.action.name in rule.events.get(e.kind, ())]
    return Breach(detail=f"declined within {rule.days} days") if any(at > since for at in said) else None


def asked_again(case: ActionCase, rule: Days) -> Breach | None:
    """Consent is not asked for again and again, on whatever channel it would be this time."""
    if case.action.asks is None:
        return None
    since = case.situation.now - rule.days * DAY
    asked = any(c.action == case.action.name and c.at > since for c in case.situation.snapshot.contacts)
    return Breach(detail=f"asked within {rule.days} days") if asked else None


@dataclass(frozen=True, slots=True)
class Mute:
    """Selling rests while a case is open and `days` after; no `kinds` means cases of all kinds."""

    days: Annotated[int, Ge(0), Le(3650)]
    kinds: tuple[str, ...] = ()

    def tighter_than(self, law: Mute) -> bool:
        return self.days >= law.days and (not self.kinds or (bool(law.kinds) and set(self.kinds) >= set(law.kinds)))


def open_case(case: CustomerCase, rule: Mute) -> Breach | None:
    """While such a case is open, and for a while after, nothing is sold."""
    now = case.situation.now
    for known in case.situation.snapshot.cases:
        if rule.kinds and known.kind not in rule.kinds:
            continue
        mute_ends = known.closed_at + rule.days * DAY if known.closed_at else None
        if known.opened_at <= now and (mute_ends is None or now < mute_ends):
            return Breach(detail=f"{known.kind} case")
    return None
