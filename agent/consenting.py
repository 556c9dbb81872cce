"""Consent as its faces call it: record, withdraw by any route, hear what a customer says, receipts and duties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.domain.consent import Entry, Proof, Receipt, everything, standing
from agent.domain.customer import PER_CHANNEL, PUSHED, Basis, Channel, Condition, Consent, ConsentStatus, Purpose
from agent.domain.errors import InputError
from agent.domain.ids import CustomerId, ExternalId, TenantId
from agent.domain.playbook import Playbook
from agent.domain.ports import Clock, Customers, Ledger, Timers, Tokens
from agent.domain.timers import Timer
from agent.guardrails import banner
from agent.guardrails.hearing import ANSWERS, Heard, Hearing, hear
from agent.guardrails.rulebook import shipped
from agent.guardrails.words import one_click_headers

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
"""The form that a mailbox provider posts (RFC 8058 section 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a grant rests on, where it is more than plain consent."""

    basis: Basis = Basis.CONSENT
    conditions: tuple[Condition, ...] = ()
    deal_ended_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was understood, what was recorded, and, to the question whether we are human, the honest answer."""

    hearing: Hearing
    receipts: tuple[Receipt, ...] = ()
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person agrees to, by name: `profiling`, or `ad_sending.email` for one channel."""

    agreed: frozenset[str]


OFFERED: Mapping[str, tuple[Purpose, Channel | None]] = {
    "profiling": (Purpose.PROFILING, None),
    "marketing_processing": (Purpose.MARKETING_PROCESSING, None),
    **{f"ad_sending.{channel}": (Purpose.AD_SENDING, channel) for channel in PUSHED},
}
"""What a person can choose on their own page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """The ledger of one tenant."""

    tenant: TenantId
    playbook: Playbook
    ledger: Ledger
    timers: Timers
    tokens: Tokens
    customers: Customers
    clock: Clock

    def history(self, customer: str) -> list[Receipt]:
        """Everything the customer ever stated, oldest first. Raises NotFound."""
        return self.ledger.history(self.tenant, self._find(customer))

    def receipt(self, receipt_id: str) -> Receipt:
        """Raises NotFound."""
        return self.ledger.receipt(self.tenant, receipt_id)

    def duties(self, customer: str) -> list[Timer]:
        """What the law has us do for this customer, and by when. Raises NotFound."""
        return self.timers.of(self.tenant, self._find(customer))

    def missed(self) -> list[Timer]:
        """Notices that the law asks for and that did not leave in time: a person has to give them."""
        return self.timers.missed(self.tenant)

    def registers_due(self) -> list[Timer]:
        """Do-not-call registers whose copy has become too old: who might stand on them gets nothing."""
        now = self.clock.now()
        return [timer for timer in self.timers.of(self.tenant, None) if timer.due_at <= now]

    def record(
        self,
        customer: str,
        status: ConsentStatus,
        purposes: Sequence[tuple[Purpose, Channel | None]],
        source: str,
        terms: Terms | None = None,
        proof: Proof | None = None,
    ) -> list[Receipt]:
        """Records statements made at this moment; a receipt for each. Raises NotFound and InputError."""
        how, proof = terms or Terms(), proof or Proof(method=source)
        _check(purposes, proof)
        if how.basis is Basis.EXISTING_DEAL and how.deal_ended_at is None:
            raise InputError("an existing deal needs the day it ended", place="deal_ended_at", next_step="Add it.")
        entries = [
            Entry(
                consent=Consent(
                    purpose=purpose,
                    channel=channel,
                    status=status,
                    given_at=self.clock.now(),
                    basis=how.basis,
                    conditions=how.conditions,
                    deal_ended_at=how.deal_ended_at,
                    expires_at=how.expires_at,
                ),
                proof=proof,
            )
            for purpose, channel in purposes
        ]
        return self.ledger.record(self.tenant, self._find(customer), entries, source)

    def withdraw_all(self, customer: str, source: str) -> list[Receipt]:
        """Every purpose on every channel, at once. Raises NotFound."""
        return self.record(customer, ConsentStatus.WITHDRAWN, everything(), source)

    def hear(self, customer: str, channel: Channel, text: str) -> Answer:
        """What a customer's message asks of us: a refusal is recorded at once, in whatever words it comes.

        The text itself is neither kept nor passed on. Raises NotFound.
        """
        found = hear(text, shipped(self.playbook.packs).lexicon)
        refused = _refused(found.heard, channel)
        proof = Proof(method=str(channel))
        if refused:
            receipts = self.record(customer, ConsentStatus.WITHDRAWN, refused, str(channel), proof=proof)
            return Answer(hearing=found, receipts=tuple(receipts))
        if found.heard is Heard.RESUME and channel is Channel.SMS and self._was_refused(customer, channel):
            ads = [(Purpose.AD_SENDING, channel)]
            receipts = self.record(customer, ConsentStatus.GRANTED, ads, str(channel), proof=proof)
            return Answer(hearing=found, receipts=tuple(receipts))
        locale = self.customers.where(self.tenant, self._find(customer))[0] or self.playbook.brand.locale
        return Answer(hearing=found, reply=ANSWERS[locale] if found.heard is Heard.ASKS_HUMAN else "")

    def gpc(self, customer: str) -> list[Receipt]:
        """Global Privacy Control came with a visit: profiling ends, unless it has ended already. Raises NotFound."""
        entries = banner.entries({}, True, self.playbook.consent_categories, self.clock.now(), "gpc")
        return self.ledger.record(self.tenant, self._find(customer), entries, "gpc")

    def unsubscribe_headers(self, customer: CustomerId, channel: Channel, base: str) -> dict[str, str]:
        """The headers of an e-mail that one click unsubscribes from (RFC 8058 section 3.1). `base` is an https URL."""
        if not base.startswith("https://"):
            raise InputError("the unsubscribe link needs https", place="base", next_step="Use the public https URL.")
        return one_click_headers(base, self.tokens.make(self.tenant, customer, channel))

    def unsubscribe(self, method: str, token: str, form: Mapping[str, str]) -> list[Receipt] | None:
        """The link was called: only a POST of the one-click form unsubscribes (section 3.2), without login or redirect.

        None where nothing was asked for: a GET, as mail scanners make them, must change nothing. Raises NotFound.
        """
        customer, channel = self.tokens.find(self.tenant, token)
        if method != "POST" or {k: v for k, v in form.items() if k in ONE_CLICK} != ONE_CLICK:
            return None
        stopped = _refused(Heard.REFUSE, channel)
        for other in self.tokens.also(self.tenant, customer):
            self.record(other, ConsentStatus.WITHDRAWN, stopped, "one-click", proof=Proof(method="one-click"))
        return self.record(customer, ConsentStatus.WITHDRAWN, stopped, "one-click", proof=Proof(method="one-click"))

    def choices(self, token: str) -> tuple[CustomerId, Choices]:
        """Whose page a link opens, and what they agree to now. Raises NotFound."""
        customer, _ = self.tokens.find(self.tenant, token)
        held = standing(receipt.consent for receipt in self.history(customer))
        yes = {(c.purpose, c.channel) for c in held if c.status is not ConsentStatus.WITHDRAWN}
        return customer, Choices(frozenset(name for name, what in OFFERED.items() if what in yes))

    def choose(self, token: str, wanted: Choices) -> list[Receipt]:
        """What a person ticked on their page: what changed is recorded; none ticked is a no to everything. A no counts
        under every name the person was ever known by. Raises NotFound."""
        customer, now = self.choices(token)
        proof = Proof(method="preference-page")
        if not wanted.agreed:
            others = self.tokens.also(self.tenant, customer)
            for other in others:
                self.record(other, ConsentStatus.WITHDRAWN, everything(), "preference-page", proof=proof)
            return self.record(customer, ConsentStatus.WITHDRAWN, everything(), "preference-page", proof=proof)
        no = [what for name, what in OFFERED.items() if name in now.agreed and name not in wanted.agreed]
        yes = [what for name, what in OFFERED.items() if name in wanted.agreed and name not in now.agreed]
        for other in self.tokens.also(self.tenant, customer) if no else ():
            self.record(other, ConsentStatus.WITHDRAWN, no, "preference-page", proof=proof)
        found = self.record(customer, ConsentStatus.WITHDRAWN, no, "preference-page", proof=proof) if no else []
        if yes:
            found += self.record(customer, ConsentStatus.GRANTED, yes, "preference-page", proof=proof)
        return found

    def _was_refused(self, customer: str, channel: Channel) -> bool:
        stands = standing(receipt.consent for receipt in self.history(customer))
        return any(
            c.purpose is Purpose.AD_SENDING and c.channel is channel and c.status is ConsentStatus.WITHDRAWN
            for c in stands
        )

    def _find(self, customer: str) -> CustomerId:
        return self.customers.find(self.tenant, ExternalId(customer))


LONGEST = {"evidence": 400, "wording": 80, "wording_hash": 64, "wording_language": 8, "method": 40, "ui_version": 40}


def _check(purposes: Sequence[tuple[Purpose, Channel | None]], proof: Proof) -> None:
    """Only what the ledger can hold, on every store alike. Raises InputError."""
    for name, most in LONGEST.items():
        value = getattr(proof, name)
        if len(value) > most or not value.isprintable():
            raise InputError(
                f"at most {most} printable characters", place=name, next_step="Keep the text elsewhere and its id here."
            )
    for purpose, channel in purposes:
        fits = channel in (*PUSHED, Channel.VOICE) if purpose in PER_CHANNEL else channel is None
        if not fits:
            raise InputError(
                f"{purpose} is not agreed to for this channel",
                place="channel",
                next_step="Name email, sms, push or kakao for ad_sending and night, none for the others.",
            )


def _refused(heard: Heard, channel: Channel) -> list[tuple[Purpose, Channel | None]]:
    """What a refusal withdraws. Said in a session it names no channel, so it counts for all of them."""
    if heard is Heard.REFUSE and channel in PUSHED:
        return [(Purpose.AD_SENDING, channel), (Purpose.NIGHT, channel)]
    if heard in (Heard.REFUSE, Heard.REFUSE_ALL):
        every = [(purpose, pushed) for purpose in (Purpose.AD_SENDING, Purpose.NIGHT) for pushed in PUSHED]
        return [(Purpose.MARKETING_PROCESSING, None), *every]
    return []
