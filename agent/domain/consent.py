"""The consent ledger's words: entries with their proof, what stands after all of them, and receipts.

Fields after ISO/IEC TS 27560:2023 and the Kantara consent receipt 1.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agent.domain.customer import PER_CHANNEL, PUSHED, Basis, Channel, Consent, ConsentStatus, Purpose

UNDATED = datetime.max.replace(tzinfo=UTC)
"""Stands for a time that nobody could read: the ledger takes the moment of recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How a statement was made: `wording` names the text shown, `wording_hash` its bytes, `method` the way it came
    (form, chat, sms keyword, one-click, gpc, ...), `evidence` where the proof is kept."""

    evidence: str = ""
    wording: str = ""
    wording_hash: str = ""
    wording_language: str = ""
    method: str = ""
    ui_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One statement, as it goes into the ledger. `if_changed` drops it where it only repeats what stands."""

    consent: Consent
    proof: Proof = field(default_factory=Proof)
    if_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the person gets: which statement of theirs was recorded, by whom, and what follows from it when."""

    receipt_id: str
    controller: str
    consent: Consent
    proof: Proof
    source: str
    recorded_at: datetime
    result_notice_due: datetime | None = None
    reconfirm_due: datetime | None = None
    handed_over: int = 0
    """Messages that were being handed over when a refusal came: they can no longer be stopped."""


def everything() -> list[tuple[Purpose, Channel | None]]:
    """Every purpose, on every channel it is agreed to for."""
    found: list[tuple[Purpose, Channel | None]] = [(p, None) for p in Purpose if p not in PER_CHANNEL]
    return found + [(purpose, channel) for purpose in PER_CHANNEL for channel in (*PUSHED, Channel.VOICE)]


def standing(entries: Iterable[Consent]) -> tuple[Consent, ...]:
    """What holds after all entries, one per purpose, channel and basis.

    Later words outweigh earlier ones; at one instant a refusal outweighs a grant and a shorter grant a longer one.
    After a refusal only a fresh consent lifts it: no exception (an existing deal, a soft opt-in) ever does.
    """
    groups: dict[tuple[str, str], list[Consent]] = {}
    for entry in entries:
        groups.setdefault((entry.purpose, entry.channel or ""), []).append(entry)
    found: list[Consent] = []
    for _, group in sorted(groups.items()):
        alone = len(group) == 1 and group[0].status is not ConsentStatus.RECONFIRMED
        found += group if alone else _one(group)
    return tuple(found)


def together(statements: Iterable[Iterable[Consent]], since: datetime) -> tuple[Consent, ...]:
    """What holds for one person who was known as several until `since`: of what each had stated, the strictest.

    Whatever was refused under one name is refused; of two grants the one that ends sooner, or is older, counts. What
    was stated later is said by the one person, and outweighs it as usual.
    """
    before: list[Consent] = []
    after: list[Consent] = []
    for own in statements:
        stated = list(own)
        before += standing(entry for entry in stated if entry.given_at < since)
        after += (entry for entry in stated if entry.given_at >= since)
    refused = {(c.purpose, c.channel) for c in before if c.status is ConsentStatus.WITHDRAWN}
    strictest: dict[tuple[Any, ...], Consent] = {}
    for entry in sorted(before, key=lambda c: (c.expires_at or UNDATED, c.given_at)):
        no = (entry.purpose, entry.channel) in refused
        if not no or entry.status is ConsentStatus.WITHDRAWN:
            strictest.setdefault((entry.purpose, entry.channel, entry.basis if not no else None), entry)
    return standing([*strictest.values(), *after])


def _one(entries: list[Consent]) -> list[Consent]:
    refusal: Consent | None = None
    grants: dict[Basis, Consent] = {}
    noticed: datetime | None = None
    for entry in sorted(entries, key=_weight):
        if entry.status is ConsentStatus.WITHDRAWN:
            refusal, grants, noticed = entry, {}, None
        elif entry.status is ConsentStatus.RECONFIRMED:
            noticed = entry.given_at
        elif refusal is None or entry.basis is Basis.CONSENT:
            grants[entry.basis] = entry
    if not grants:
        return [refusal] if refusal else []
    return [replace(grant, reconfirmed_at=noticed) if noticed else grant for _, grant in sorted(grants.items())]


def _weight(entry: Consent) -> tuple[Any, ...]:
    """Orders entries so that the last one counts: of two statements of one instant, the one that permits less."""
    ends, deal = entry.expires_at, entry.deal_ended_at
    return (
        entry.given_at,
        entry.status is ConsentStatus.WITHDRAWN,
        ends is not None,
        -ends.timestamp() if ends else 0.0,
        entry.status,
        entry.basis,
        -len(entry.conditions),
        deal is None,
        -deal.timestamp() if deal else 0.0,
        entry.conditions,
    )
