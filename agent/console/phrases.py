"""How decisions are put into words, in Korean and English: what the terminal and the pages share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from agent.console.labels import LABELS, OWN_RULES, STAGES, STATES
from agent.domain.action import Fate, Kind, Treatment
from agent.domain.bundle import EffectState
from agent.domain.decision import Decision
from agent.domain.money import MICROS, Money
from agent.guardrails.words import money

if TYPE_CHECKING:
    from agent.service import Tactful


def summary(decision: Decision) -> str:
    """One phrase: `recommend_product by email` or `hold: no_consent`."""
    if decision.chosen is None:
        return f"hold: {decision.hold.reason}"
    return f"{decision.chosen.action} by {decision.chosen.channel}"


def moment(at: datetime, zone: str, lang: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    pattern, locale = ("y년 M월 d일 (E) HH:mm", "ko_KR") if lang == "ko" else ("EEE d MMM y, HH:mm", "en_GB")
    return f"{format_datetime(local, pattern, locale=locale)} {local.tzname()}"


def why(tactful: Tactful, rule: str, lang: str) -> str:
    """What a rule says, in words."""
    for clause in tactful.deciding.env.guard.clauses:
        if clause.rule_id == rule:
            return clause.entry.why.get(lang, "")  # type: ignore[call-overload, no-any-return]
    return OWN_RULES[lang].get(rule, "")


def removed(found: Decision, tactful: Tactful, lang: str, full: bool) -> list[str]:
    """One line per rule that removed something, the latest stage first; in brief only what stopped an offer."""
    groups: dict[tuple[int, str], list[Treatment]] = {}
    for c in found.candidates:
        brief = c.fate is Fate.REMOVED and c.kind is Kind.OFFER
        if brief or (full and c.fate in (Fate.REMOVED, Fate.OUT_OF_SCOPE)):
            groups.setdefault((c.stage, c.rule or ""), []).append(c.treatment)
    lines = []
    for (stage, rule), names in sorted(groups.items(), key=lambda item: -item[0][0]):
        which = f"{len(names)}: {_which(names)}" if full else f"{len(names)}"
        lines.append(f"{rule} [{STAGES[lang][stage]}] {why(tactful, rule, lang)} ({which})")
    return lines


def _which(treatments: Sequence[Treatment]) -> str:
    """The channels of each action."""
    channels: dict[str, dict[str, None]] = {}
    for treatment in treatments:
        channels.setdefault(treatment.action, {})[treatment.channel.value] = None
    return ", ".join(f"{action}/{'+'.join(names)}" for action, names in channels.items())


def drawn(found: Decision, lang: str) -> str:
    said = LABELS[lang]
    chance = "null" if found.draws.propensity is None else f"{found.draws.propensity / MICROS:.4f}"
    return f"{said['arm_' + found.draws.arm]}, {said['propensity']} {chance}, {said['by']} {found.chooser}"


def part(micros: int, name: str, currency: str, lang: str) -> str:
    if name in ("p_act", "p_hold"):
        return f"{micros / MICROS:.3f}"
    if name in ("weight", "lever"):
        return f"{micros / MICROS:.2f}"
    return _money(micros, currency, lang)


def _money(micros: int, currency: str, lang: str) -> str:
    return money(Money.from_micros(micros, currency).amount, currency, lang)


def standing(state: EffectState, lang: str) -> str:
    """Where an effect stands, as people say it."""
    said = {EffectState.PENDING: "would_send", EffectState.HELD: "held_for_approval"}
    if state in said:
        return LABELS[lang][said[state]]
    return str(STATES[lang].get(state, state))


def day(on: date, lang: str) -> str:
    pattern, locale = ("y년 M월 d일 EEEE", "ko_KR") if lang == "ko" else ("EEEE d MMMM y", "en_GB")
    return format_date(on, pattern, locale=locale)
