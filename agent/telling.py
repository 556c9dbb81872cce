""" "Why do I get this?": for each message an answer to the customer, in at most three reasons, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from agent.domain.action import Kind
from agent.domain.bundle import Effect
from agent.domain.customer import PUSHED, Basis, Channel, Consent, ConsentStatus, Purpose
from agent.domain.decision import Decision
from agent.domain.errors import Erased
from agent.domain.ids import CustomerId, TenantId
from agent.domain.playbook import Playbook
from agent.domain.ports import Customers, Records, Tokens
from prompts.loading import words

MOST_REASONS = 3
READS: dict[str, tuple[str, ...]] = {
    "offer_chat": ("session", "views"),
    "book_demo": ("session", "views"),
    "offer_coupon.cart": ("cart",),
    "offer_coupon.views": ("views",),
    "recommend_product.favourite": ("purchases",),
    "recommend_product.similar": ("views", "purchases"),
    "recommend_product.together": ("purchases",),
    "recommend_product.views": ("views",),
    "remind_cart": ("cart",),
    "tell_price_drop": ("views", "price"),
    "tell_back_in_stock": ("views", "stock"),
    "remind_reorder": ("purchases",),
    "remind_replacement": ("purchases",),
    "win_back": ("purchases",),
    "early_access": ("likes",),
    "invite_event": ("likes",),
    "invite_experience": ("views",),
    "show_variant": ("session",),
    "nearest_store": ("place", "views", "stock"),
    "ask_consent": ("choice",),
    "hand_off": ("case",),
    "apologise": ("case",),
    "tell_order_status": ("order",),
    "confirm_demo": ("demo",),
    "confirm_choice": ("choice",),
    "reconfirm_consent": ("choice",),
    "note_stock": (),
}
"""What each action reads of a customer, or an action for one reason."""
ASKED_FOR = frozenset({"tell_order_status"})
"""Answers that somebody asked for; others are owed for what happened."""
_BASES = {
    Basis.CONSENT: "ads",
    Basis.EXISTING_DEAL: "deal",
    Basis.SOFT_OPT_IN: "deal",
    Basis.INQUIRY: "inquiry",
    Basis.CONTRACT: "contract",
}
_CHANNELS = {
    "en": {"email": "e-mail", "sms": "text message", "push": "push notification", "kakao": "KakaoTalk"},
    "ko": {"email": "이메일", "sms": "문자", "push": "앱 알림", "kakao": "카카오톡"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The answer in one language. `reads` are the data used, `off` the label and address of one tap that ends it."""

    lang: str
    title: str
    reasons: tuple[str, ...]
    reads_title: str
    reads: tuple[str, ...]
    off: str
    off_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Answers for one tenant."""

    tenant: TenantId
    playbook: Playbook
    records: Records
    tokens: Tokens
    customers: Customers

    def why(self, effect_id: str, lang: str | None = None) -> Why:
        """Why the customer gets this message, in their own language by default. Raises NotFound."""
        effect = self.records.effect(self.tenant, effect_id)
        decision = self.records.decision(self.tenant, effect.decision)
        locale, zone = self.customers.where(self.tenant, effect.customer)
        return self.of(effect, decision, lang or locale or self.playbook.brand.locale, zone or self.playbook.brand.zone)

    def of(self, effect: Effect, decision: Decision, lang: str, zone: str) -> Why:
        said = words("why", lang)
        exact = f"{effect.action}.{decision.because}"
        reads = READS.get(exact, READS.get(effect.action, ()))
        first = said.get(exact) or said.get(effect.action) or _first(said, effect.action)
        pushed = effect.channel in PUSHED
        return Why(
            lang=lang,
            title=said["title"],
            reasons=(first, *self._permitted(effect, decision, lang, zone))[:MOST_REASONS],
            reads_title=said["data"],
            reads=tuple(said[f"reads.{name}"] for name in reads),
            off=said["off" if pushed else "off.session"],
            off_url=self._off(effect.customer, effect.channel) if pushed else self.playbook.brand.optout_url,
        )

    def _permitted(self, effect: Effect, decision: Decision, lang: str, zone: str) -> list[str]:
        """By what right it was said: agreements with their days, or what is owed."""
        said = words("why", lang)
        if effect.kind is not Kind.OFFER:
            asked = effect.action in ASKED_FOR or decision.because == "asked"
            return [said["owed.asked" if asked else f"owed.{effect.kind}"]]
        held = self._relied_on(decision)
        found = []
        if profiling := _granted(held, Purpose.PROFILING, None):
            found.append(said["may.profiling"].format(day=_day(profiling.given_at, zone, lang)))
        if effect.channel not in PUSHED:
            return [*found, said["may.shown"]]
        if ads := _granted(held, Purpose.AD_SENDING, effect.channel):
            text = said[f"may.{_BASES[ads.basis]}"]
            channel = _CHANNELS[lang].get(effect.channel, str(effect.channel))
            found.append(text.format(day=_day(ads.given_at, zone, lang), channel=channel))
        return found

    def _relied_on(self, decision: Decision) -> tuple[Consent, ...]:
        """The consents that the decision was made on, from its inputs; none where those are erased."""
        from agent.graph.inputs import from_bytes  # lazily: only answers need it

        try:
            return from_bytes(self.records.body(self.tenant, decision.inputs)).snapshot.consents
        except Erased:
            return ()

    def _off(self, customer: CustomerId, channel: Channel) -> str:
        base = self.playbook.brand.optout_url.rstrip("/")
        return f"{base}/{self.tokens.make(self.tenant, customer, channel)}"


def _granted(held: tuple[Consent, ...], purpose: Purpose, channel: Channel | None) -> Consent | None:
    return next(
        (c for c in held if c.purpose is purpose and c.channel is channel and c.status is not ConsentStatus.WITHDRAWN),
        None,
    )


def _first(said: Mapping[str, str], action: str) -> str:
    """Of an older record, which does not say for which reason: the first sentence about the action."""
    return next(text for name, text in said.items() if name.startswith(f"{action}."))


def _day(at: datetime, zone: str, lang: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    pattern, locale = ("y년 M월 d일", "ko_KR") if lang == "ko" else ("d MMMM y", "en_GB")
    return format_date(local.date(), pattern, locale=locale)
