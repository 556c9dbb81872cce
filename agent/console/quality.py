"""The data-quality report in words and charts, for the terminal and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from agent.console import pages, phrases
from agent.domain.quality import Finding, Kind, Quality, Weight
from agent.guardrails.words import money
from prompts.loading import words

PINE, AMBER = "#0f5f57", "#b7791f"
_TONES = {Weight.STOP: " no", Weight.LOOK: " wait", Weight.FINE: ""}
WIDEST = 210


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding as people read it: what, how much, what follows from it."""

    weight: Weight
    what: str
    measured: str
    then: str
    verdict: str

    @property
    def tone(self) -> str:
        return _TONES[self.weight]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    name: str
    label: str
    width: int
    colour: str = PINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    title: str
    bars: tuple[Bar, ...]


def groups(found: Quality, lang: str) -> list[tuple[str, list[Row]]]:
    """Findings by kind, each with its title; kinds without any are left out."""
    said = words("check", lang)
    return [
        (said[f"kind.{kind}"], [_row(finding, lang) for finding in some])
        for kind, some in groupby(found.findings, key=lambda f: f.kind)
    ]


def summary(found: Quality, lang: str) -> str:
    said = words("check", lang)
    look = sum(f.weight is Weight.LOOK for f in found.findings)
    stop = sum(f.weight is Weight.STOP for f in found.findings)
    if not found.measures.customers:
        return said["summary.none"]
    text = said["summary.look" if look or stop else "summary.good"]
    return text.format(customers=found.measures.customers, look=look, stop=stop)


def page(found: Quality, lang: str, *, brand: str, zone: str, currency: str) -> str:
    """The whole report as one HTML page."""
    said, m = words("check", lang), found.measures
    return pages.render(
        "check",
        lang,
        brand=brand,
        at=phrases.moment(m.at, zone, lang),
        cards=[(said[name], f"{m.totals[name]:,}") for name in ("customers", "orders", "events")],
        groups=groups(found, lang),
        shown=charts(found, lang, currency),
        refused=[(reason, f"{n:,}") for reason, n in m.quarantined.items()],
    )


def charts(found: Quality, lang: str, currency: str) -> list[Chart]:
    said, m = words("check", lang), found.measures
    having = [f for f in found.findings if f.kind is Kind.MISSING and f"short.{f.what}" in said]
    purposes = words("page", lang)
    agreed = [(_purpose(name, purposes), count) for name, count in sorted(m.consents.items())]
    months = m.months[-12:]
    return [
        Chart(
            title=said["chart.complete"],
            bars=_bars([(said[f"short.{f.what}"], f.total - f.count) for f in having], m.customers),
        ),
        Chart(title=said["chart.consents"], bars=_bars(agreed, m.customers)),
        Chart(title=said["chart.months"], bars=_bars([(x.month, x.orders) for x in months], None)),
        Chart(
            title=said["chart.revenue"],
            bars=tuple(
                Bar(name=bar.name, label=money(Decimal(round(x.revenue)), currency, lang), width=bar.width)
                for bar, x in zip(_bars([(x.month, round(x.revenue)) for x in months], None), months, strict=True)
            ),
        ),
    ]


def _row(finding: Finding, lang: str) -> Row:
    said = words("check", lang)
    name = f"{finding.kind}.{finding.what}"
    then = said.get(f"then.{name}", "") if finding.weight is not Weight.FINE else ""
    return Row(
        weight=finding.weight,
        what=said[name],
        measured=_measured(finding, lang),
        then=then,
        verdict=said[f"weight.{finding.weight}"],
    )


def _measured(finding: Finding, lang: str) -> str:
    said = words("check", lang)
    if finding.kind is Kind.STALE:
        return said["days"].format(number=finding.number)
    if finding.kind is Kind.DRIFTING:
        return said["index"].format(number=finding.number)
    percent = 100 * finding.count / finding.total if finding.total else 0.0
    return said["of"].format(count=finding.count, total=finding.total, percent=percent)


def _bars(values: Sequence[tuple[str, int]], whole: int | None) -> tuple[Bar, ...]:
    """`whole` is what a full bar stands for; None: the longest of them."""
    most = whole or max((value for _, value in values), default=0) or 1
    return tuple(
        Bar(
            name=name,
            label=f"{value:,}" + (f" · {100 * value / most:.0f}%" if whole else ""),
            width=max(1, round(WIDEST * max(value, 0) / most)),
            colour=AMBER if whole and value < most / 2 else PINE,
        )
        for name, value in values
    )


def _purpose(name: str, said: Mapping[str, str]) -> str:
    purpose, _, channel = name.partition(":")
    text = said[f"purpose.{purpose}"]
    return f"{text} · {said[f'channel.{channel}']}" if channel else text
