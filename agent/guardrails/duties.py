"""What the law sets a time for: timers that a statement of consent or a copied register gives rise to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from agent.domain.customer import Basis, Consent, ConsentStatus, Purpose
from agent.domain.ids import CustomerId, RuleId
from agent.domain.timers import Timer, TimerKind, months_after
from agent.guardrails.pack import DutyEntry
from agent.guardrails.rulebook import RuleBook

_NOTIFIED = (Purpose.AD_SENDING, Purpose.NIGHT, Purpose.MARKETING_PROCESSING)
_RECONFIRMED = (Purpose.AD_SENDING, Purpose.NIGHT)


class Duties:
    """The duties of a tenant's packs, for customers of any country."""

    def __init__(self, book: Callable[[], RuleBook], brand_country: str) -> None:
        """`book` is read on first use: most commands record nothing."""
        self._book = cache(book)
        self._brand_country = brand_country

    def of_consent(
        self, consent: Consent, subject: str, customer: CustomerId, country: str | None, by_text: bool = False
    ) -> tuple[Timer, ...]:
        """The timers that follow from one entry of the ledger, whose id is `subject`; `by_text` if STOP came by SMS."""
        found = []
        for duty in self._book().duties({place for place in (country, self._brand_country) if place}):
            due = _due(duty, consent, by_text)
            if due is not None:
                expires = due if duty.duty is TimerKind.OPT_OUT_CONFIRMATION else None
                found.append(
                    Timer(
                        kind=duty.duty,
                        customer=customer,
                        subject=subject,
                        rule=RuleId(duty.id),
                        due_at=due,
                        expires_at=expires,
                    )
                )
        return tuple(found)

    def of_register(self, name: str, copied_at: datetime) -> tuple[Timer, ...]:
        """When a do-not-call list has to be copied again; several laws may ask, the first day counts for each."""
        return tuple(
            Timer(
                kind=duty.duty,
                customer=None,
                subject=name,
                rule=RuleId(duty.id),
                due_at=copied_at + timedelta(days=duty.days),
            )
            for pack in self._book().packs
            for duty in pack.duties
            if duty.duty is TimerKind.REGISTER_REFRESH and duty.register == name
        )


def _due(duty: DutyEntry, consent: Consent, by_text: bool) -> datetime | None:
    at = consent.given_at
    stated = consent.status in (ConsentStatus.GRANTED, ConsentStatus.WITHDRAWN)
    if duty.duty is TimerKind.RESULT_NOTICE:
        return at + timedelta(days=duty.days) if stated and consent.purpose in _NOTIFIED else None
    if duty.duty is TimerKind.RECONFIRM:
        lasts = consent.status is not ConsentStatus.WITHDRAWN and consent.basis is Basis.CONSENT
        return months_after(at, 12 * duty.years) if lasts and consent.purpose in _RECONFIRMED else None
    if duty.duty is TimerKind.OPT_OUT_CONFIRMATION:
        stopped = by_text and consent.status is ConsentStatus.WITHDRAWN and consent.purpose is Purpose.AD_SENDING
        return at + timedelta(minutes=duty.minutes) if stopped else None
    return None
