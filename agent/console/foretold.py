"""What is foretold, and by which models, in words: for the terminal and the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from babel.dates import get_day_names

from agent.console import phrases
from agent.domain.decision import Decision
from agent.domain.errors import Erased
from agent.domain.facts import Omen
from agent.domain.models import Card, Foretelling
from agent.domain.money import MICROS, Money
from agent.guardrails.words import money
from prompts.loading import words

if TYPE_CHECKING:
    from agent.service import Tactful

Name = Callable[[str], str]
MOST_MOVERS = 5
LEAST_WORTH = 5_000
"""Micro-units: less than this is shown as nothing."""
ORDER = (
    *(Omen.VALUE, Omen.LIFETIME, Omen.BASKET, Omen.RETURN, Omen.ALIVE, Omen.CHURN, Omen.SEGMENT, Omen.PRICE, Omen.HOUR),
    *(Omen.WEEKDAY, Omen.CHANNEL, Omen.RESPONSE, Omen.MOOD, Omen.DELIGHT, Omen.REPLENISHMENT, Omen.REPLACEMENT),
    *(Omen.NEXT, Omen.TOGETHER, Omen.SIMILAR, Omen.NOVELTY, Omen.CREATIVE, Omen.DEMAND),
)
MONEY = frozenset({Omen.VALUE, Omen.LIFETIME, Omen.BASKET})
OF_MONEY = frozenset({"spend", "spend_recent", "spend_before", "per_day", "last_spend"})
DUE = frozenset({Omen.REPLENISHMENT, Omen.REPLACEMENT})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing foretold, in words: what, how much or which, its interval, why, how fresh, and where it comes from."""

    what: str
    found: str
    interval: str
    why: str
    fresh: str
    source: str


class Saying:
    """Words of one language for one brand; `name` gives a product its name."""

    def __init__(self, lang: str, currency: str, zone: str, name: Name, segments: Mapping[str, str]) -> None:
        self._said = words("foresee", lang)
        self._lang, self._currency, self._zone = lang, currency, zone
        self._name = name
        self._segments = segments

    def line(self, told: Foretelling) -> Line:
        said, one = self._said, told.foreseen
        due = phrases.day(one.due_at.date(), self._lang) if one.due_at else ""
        source = said[f"source.{one.source}"].format(model=one.model) if one.source != "model" or one.model else ""
        made = phrases.moment(told.made_at, self._zone, self._lang) if told.made_at else ""
        ends = phrases.day(told.ends_at.date(), self._lang) if told.ends_at else "-"
        return Line(
            what=said[f"omen.{one.omen}"].format(due=due or "?", entity=one.entity, value=one.value),
            found=self._found(told),
            interval=self._interval(told),
            why=", ".join(self.reason(name, value) for name, value in told.why),
            fresh=said["fresh"].format(at=made, ends=ends),
            source=source or said["source.imported"],
        )

    def _found(self, told: Foretelling) -> str:
        one, said = told.foreseen, self._said
        if one.omen in MONEY:
            return self._money(one.number)
        if one.omen is Omen.HOUR:
            return f"{one.number:02d}:00 ({_percent(one.chance, self._lang)})"
        if one.omen is Omen.WEEKDAY:
            days = get_day_names("wide", locale="ko" if self._lang == "ko" else "en")
            return f"{days[one.number % 7]} ({_percent(one.chance, self._lang)})"
        if one.omen is Omen.DEMAND:
            return f"{self._name(one.entity)}: {said['units'].format(n=f'{one.number:,}')}"
        if one.omen is Omen.SEGMENT:
            return f"{one.value}: {self.segment(self._segments.get(one.value, ''))}"
        if one.omen is Omen.MOOD:
            return f"{said.get(f'mood.{one.value}', one.value)} ({_percent(one.chance, self._lang)})"
        if one.omen in (Omen.TOGETHER, Omen.SIMILAR) and one.value:
            pattern = said["with" if one.omen is Omen.TOGETHER else "like"]
            return pattern.format(name=self._name(one.entity), anchor=self._name(one.value))
        which = one.value if one.omen is Omen.CHANNEL else self._name(one.entity) if one.entity else ""
        which = "" if one.omen is Omen.RESPONSE else which
        return f"{which} ({_percent(one.chance, self._lang)})" if which else _percent(one.chance, self._lang)

    def _interval(self, told: Foretelling) -> str:
        one = told.foreseen
        if told.low == told.high == 0:
            return ""
        if one.omen in MONEY:
            low, high = self._money(told.low), self._money(told.high)
        elif one.omen is Omen.DEMAND:
            low, high = f"{told.low:,}", f"{told.high:,}"
        elif one.omen in DUE and one.due_at is not None:
            ends = (date.fromordinal(one.due_at.toordinal() + by) for by in (told.low, told.high))
            low, high = (on.isoformat() for on in ends)
        else:
            low, high = _percent(told.low, self._lang), _percent(told.high, self._lang)
        return self._said["interval"].format(low=low, high=high)

    def reason(self, name: str, value: float) -> str:
        """One input and its value."""
        if name.startswith("about_"):
            aspect = self._said.get(f"aspect.{name.removeprefix('about_')}", name)
            return self._said["why.about"].format(aspect=aspect)
        shown = self._money(round(value * MICROS)) if name in OF_MONEY else f"{value:,.1f}".removesuffix(".0")
        pattern = self._said.get(f"why.{name}", f"{name} {{v}}")
        return pattern.format(v=shown, p=_percent(round(value * MICROS), self._lang), d=f"{value:.2f}")

    def segment(self, codes: str) -> str:
        """The name of a segment from its codes."""
        return ", ".join(self._said.get(f"segment.{code}", code) for code in codes.split("+") if code)

    def note(self, code: str, value: str) -> str:
        """What a reader must know of a model."""
        if code == "topic":
            name, count, share, blamed, trend = value.split(" ")
            return self._said["topic"].format(
                name=self._said.get(f"aspect.{name}", name),
                n=count,
                share=_percent(round(float(share) * MICROS), self._lang),
                blamed=_percent(round(float(blamed) * MICROS), self._lang),
                trend=self._said[f"trend.{trend}"],
            )
        return self._said.get(f"note.{code}", code + " {v}").format(v=value)

    def card(self, card: Card) -> list[str]:
        """A card, line by line."""
        said = self._said
        lines = [
            said["card.fitted"].format(
                rows=f"{card.rows:,}",
                customers=f"{card.customers:,}",
                as_of=phrases.moment(card.as_of, self._zone, self._lang),
                chosen=said.get(f"chosen.{card.chosen}", card.chosen),
                source=said[f"source.{card.source}"].format(model="").strip(),
            )
        ]
        for title, rows in (
            (said["card.figures"], [f"{self._figure(name)}: {value:,.4g}" for name, value in card.figures.items()]),
            (said["card.weights"], [f"{name} {value:.3g}" for name, value in card.weights.items()]),
            (said["card.segments"], [f"{name}: {self.segment(codes)}" for name, codes in card.segments.items()]),
            (said["card.notes"], [self.note(code, value) for code, value in card.notes]),
        ):
            if rows:
                lines += [f"{title}:", *(f"  {row}" for row in rows)]
        return lines

    def _figure(self, name: str) -> str:
        if name.startswith("share_s"):
            return self._said["figure.share"].format(name=name.removeprefix("share_"))
        return self._said.get(f"figure.{name}", name)

    def _money(self, micros: int) -> str:
        return money(Money.from_micros(micros, self._currency).amount, self._currency, self._lang)


def _percent(chance: int, lang: str = "en") -> str:
    return f"{chance / 10_000:.0f}{'%' if lang == 'ko' else ' %'}"


def plain(told: Foretelling) -> dict[str, Any]:
    """One thing foretold, for programs."""
    more = {name: getattr(told, name) for name in ("low", "high", "made_at", "ends_at")}
    return asdict(told.foreseen) | more | {"why": dict(told.why)}


def movers(tactful: Tactful, found: Decision, lang: str) -> list[str]:
    """Which signals moved a choice, in words, the strongest first."""
    said, currency = words("foresee", lang), tactful.playbook.brand.currency
    try:
        moved = tactful.moved(found)
    except Erased:
        return [said["moved.erased"]]
    lines = []
    for one in [one for one in moved if one.turned or abs(one.worth) >= LEAST_WORTH][:MOST_MOVERS]:
        signal = said.get(f"moved.{one.signal}", said.get(f"name.{one.signal}", one.signal))
        if one.turned:
            lines.append(said["moved.turned"].format(signal=signal, otherwise=one.otherwise or said["moved.hold"]))
        else:
            worth = money(Money.from_micros(one.worth, currency).amount, currency, lang)
            lines.append(said["moved.worth"].format(signal=signal, worth=worth))
    return lines
