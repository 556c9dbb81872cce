"""A simulation's result for people: a table for the terminal, one self-contained page with charts for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.numbers import format_currency

from agent.console import pages
from agent.console.labels import REASONS
from agent.console.timeline import Story, story
from agent.service import Tactful
from agent.simulation.measures import Difference, Measures
from agent.simulation.result import Flow, Result
from prompts.loading import words

MONEY = ("revenue", "margin", "earned", "spent", "discounts")
SHOWN = (
    "purchases", "buyers", "revenue", "margin", "earned", "spent", "discounts", "coupons", "coupons_unneeded",
    "returned", "demos", "churned", "opt_outs", "complaints", "touches", "noticed", "unasked", "night", "many",
)  # fmt: skip
HEADLINES = ("purchases", "margin", "opt_outs", "churned")
WIDTH, HEIGHT = 640, 220


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    name: str
    width: float
    label: str
    colour: str = "#0f5f57"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    title: str
    bars: tuple[Bar, ...]


def tell(tactful: Tactful, customer: str) -> Story:
    """The story of one simulated customer, in the brand's language; made where the simulated store still is."""
    return story(tactful, customer, tactful.playbook.brand.locale)


class Words:
    """The words of a result in one language."""

    def __init__(self, lang: str, currency: str) -> None:
        self.lang = lang
        self.said: Mapping[str, str] = words("simulate", lang)
        self._page: Mapping[str, str] = words("page", lang)
        self._currency = currency

    def __getitem__(self, key: str) -> str:
        return self.said[key]

    def policy(self, name: str) -> str:
        return self.said.get(f"policy.{name}", name)

    def action(self, name: str) -> str:
        return self._page.get(f"action.{name}", name)

    def channel(self, name: str) -> str:
        return self._page.get(f"channel.{name}", name)

    def reason(self, name: str) -> str:
        return REASONS[self.lang].get(name, name)

    def money(self, value: float, places: int = 0) -> str:
        """Whole units, or with the currency's own decimals where the amount is small or `places` asks for them."""
        small = bool(places) or 0 < abs(value) < 10
        won = self._currency == "KRW" and self.lang == "ko"
        return format_currency(
            round(value, 2),
            self._currency,
            "#,##0원" if won else None if small else "¤#,##0",
            locale={"ko": "ko_KR", "en": "en_GB"}[self.lang],
            currency_digits=small and not won,
        )

    def amount(self, measure: str, value: float) -> str:
        return self.money(value) if measure in MONEY else f"{value:,.0f}"

    def share(self, value: float | None) -> str:
        return "–" if value is None else f"{value * 100:+.1f}%"

    def difference(self, found: Difference) -> tuple[str, str, str, str]:
        """(the measure, the difference per thousand customers with its interval, as a share, in words)."""
        name = self.said[f"measure.{found.measure}"]
        each = 1_000.0
        if found.measure in MONEY:
            middle, low, high = (self.money(x * each) for x in (found.mean, found.low, found.high))
        else:
            middle, low, high = (f"{x * each:+.1f}" for x in (found.mean, found.low, found.high))
        return name, f"{middle}  [{low} … {high}]", self.share(found.share), self.said[found.found]


def table(result: Result, lang: str) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Sections of rows for a terminal: the measures of each policy, then the differences, in words."""
    w = Words(lang, result.currency)
    head = ("", *(w.policy(p) for p in result.policies))
    rows: list[tuple[str, ...]] = [head]
    rows += [(w[f"measure.{name}"], *_cells(w, result, name)) for name in SHOWN]
    earned = {e.policy: e for e in result.earned}
    returned = [earned[p].returned if p in earned else None for p in result.policies]
    each = [earned[p].each if p in earned else None for p in result.policies]
    rows.append((w["measure.return_on_spend"], *("–" if x is None else f"{x * 100:,.0f}%" for x in returned)))
    rows.append((w["measure.cost_each"], *("–" if x is None else w.money(x, 2) for x in each)))
    sections = [(w["all_measures"], rows)]
    for other in result.policies[1:]:
        found = [d for d in result.differences if d.against == other]
        title = w["against"].format(arm=w.policy(result.policies[0]), other=w.policy(other))
        sections.append((f"{title} ({w['per_thousand']})", [w.difference(d) for d in found]))
    return sections


def _cells(w: Words, result: Result, name: str) -> list[str]:
    return [w.amount(name, float(getattr(result.measures[p], name))) for p in result.policies]


def page(result: Result, lang: str, goal: Any = None) -> str:
    """One HTML file that needs nothing else."""
    w = Words(lang, result.currency)
    return pages.render(
        "simulation",
        lang,
        w=w,
        result=result,
        lead=lead(result, w),
        headlines=[_headline(w, result, name) for name in HEADLINES],
        sections=table(result, lang),
        beside=_beside(w, result),
        lines=[_line(w, result, other) for other, points in result.cumulative.items() if points],
        funnel=_bars(w["funnel"], [(w[f"funnel.{name}"], count) for name, count in result.funnel]),
        held=_bars(w["held"], _named(result.decided.held, w.reason)) if result.decided else None,
        factors=_factors(w, result),
        channels=[_channels(w, result, p) for p in result.hours if p != "nobody"],
        hours=[(w.policy(p), _heat(grid)) for p, grid in result.hours.items() if p != "nobody"],
        flows=flows(w, result.flows),
        removed=_removed(w, result),
        budgets=[_budget(w, b.campaign, b.budget, b.left) for b in result.budgets],
        regret=w.money(result.regret * 1_000) if result.regret is not None else "",
        goal=goal,
        brand=result.brand,
    )


def lead(result: Result, w: Words) -> str:
    seeds = w["one_seed"] if len(result.seeds) == 1 else w["seeds"].format(n=len(result.seeds))
    begins = datetime.fromisoformat(result.begins).date().isoformat()
    return w["lead"].format(
        customers=f"{result.customers:,}", days=result.days, begins=begins, world=result.world, seeds=seeds
    )


def _headline(w: Words, result: Result, name: str) -> tuple[str, str, str, str]:
    """The measure, what it comes to against the first other policy, with its interval, and in words."""
    other = result.policies[1] if len(result.policies) > 1 else ""
    found = result.difference(name, other)
    if found is None:
        value = float(getattr(result.measures[result.policies[0]], name))
        return w[f"measure.{name}"], w.amount(name, value), "", ""
    title, said, share, in_words = w.difference(found)
    return title, share if found.share is not None else said.split("  ")[0], said, in_words


def _beside(w: Words, result: Result) -> list[tuple[str, str, str]]:
    if result.beside is None:
        return []
    rows = []
    for name in ("conversion", "cost", "returned"):
        here, there = getattr(result.beside, name), getattr(result.quoted, name)
        rows.append((w[f"quoted.{name}"], w.share(here), w.share(there)))
    return rows


def _named(counts: dict[str, int], name: Any) -> list[tuple[str, float]]:
    return [(name(key), float(count)) for key, count in list(counts.items())[:10]]


def _bars(title: str, rows: Sequence[tuple[str, float]], percent: bool = False) -> Chart:
    most = max((count for _, count in rows), default=0) or 1.0
    return Chart(
        title=title,
        bars=tuple(
            Bar(
                name=name,
                width=round(200 * count / most, 1),
                label=f"{count * 100:.1f}%" if percent else f"{count:,.0f}",
            )
            for name, count in rows
        ),
    )


def _factors(w: Words, result: Result) -> Chart | None:
    if result.decided is None:
        return None
    rows = sorted(((w[f"factor.{k}"], v) for k, v in result.decided.factors.items()), key=lambda pair: -pair[1])
    return _bars(w["factors"], rows, percent=True)


def _channels(w: Words, result: Result, policy: str) -> Chart:
    found: Measures = result.measures[policy]
    rows = sorted(((w.channel(c), float(n)) for c, n in found.by_channel.items()), key=lambda pair: -pair[1])
    return _bars(f"{w['touches']}: {w.policy(policy)}", rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line with its band, in the units of an SVG picture; `ticks` are heights with their labels."""

    title: str
    band: str
    path: str
    zero: float
    ticks: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str], ...]
    said: str


def _line(w: Words, result: Result, other: str) -> Line:
    points = result.cumulative[other]
    low, high = min([p.low for p in points] + [0.0]), max([p.high for p in points] + [0.0])
    span = (high - low) or 1.0

    def x(day: float) -> float:
        return round(70 + (WIDTH - 80) * day / max(points[-1].day, 1), 1)

    def y(value: float) -> float:
        return round(10 + (HEIGHT - 40) * (high - value) / span, 1)

    upper = [f"{x(p.day)},{y(p.high)}" for p in points]
    lower = [f"{x(p.day)},{y(p.low)}" for p in reversed(points)]
    last = points[-1]
    step = max(1, round(points[-1].day / 6))
    return Line(
        title=w["against"].format(arm=w.policy(result.policies[0]), other=w.policy(other)),
        band=" ".join([f"{x(0)},{y(0)}", *upper, *lower]),
        path=" ".join([f"{x(0)},{y(0)}", *(f"{x(p.day)},{y(p.mean)}" for p in points)]),
        zero=y(0.0),
        ticks=tuple((y(v), w.money(v, 2)) for v in dict.fromkeys((low, 0.0, high))),
        days=tuple((x(p.day), str(p.day)) for p in points if p.day % step == 0),
        said=f"{w.money(last.mean, 2)} [{w.money(last.low, 2)} … {w.money(last.high, 2)}]",
    )


def _heat(grid: list[list[int]]) -> list[tuple[int, int, float, int]]:
    """(weekday, hour, how dark from 0 to 1, how many)."""
    most = max((n for row in grid for n in row), default=0) or 1
    return [(day, hour, round(n / most, 3), n) for day, row in enumerate(grid) for hour, n in enumerate(row)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    name: str
    x: float
    y: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbon:
    path: str
    width: float
    colour: str
    title: str


ENDED = {"bought": "#0f5f57", "stopped": "#9f1f1f", "left": "#8a4b08", "nothing": "#a8a29e"}


def flows(w: Words, found: Sequence[Flow]) -> tuple[list[Node], list[Ribbon], int]:
    """Three columns of boxes, first message, second, ending, and ribbons as wide as there were customers."""
    columns: list[dict[str, float]] = [{}, {}, {}]
    for flow in found:
        for at, name in enumerate((flow.first, flow.second, flow.ending)):
            columns[at][name] = columns[at].get(name, 0.0) + flow.customers
    total = sum(columns[0].values()) or 1.0
    scale = 300.0 / total
    places: list[dict[str, float]] = []
    nodes: list[Node] = []
    for at, column in enumerate(columns):
        y, mine = 20.0, {}
        for name, count in sorted(column.items(), key=lambda pair: -pair[1]):
            height = max(count * scale, 1.5)
            label = w[f"ending.{name}"] if at == 2 else w.action(name) if name else w["flows.no_second"]
            nodes.append(
                Node(
                    name=f"{label} · {count:,.0f}",
                    x=10 + at * 300,
                    y=round(y, 1),
                    height=round(height, 1),
                    colour=ENDED.get(name, "#1e4f8a") if at == 2 else "#1e4f8a",
                )
            )
            mine[name] = y
            y += height + 16
        places.append(mine)
    ribbons: list[Ribbon] = []
    lefts = [dict(place) for place in places]
    rights = [dict(place) for place in places]
    for flow in sorted(found, key=lambda f: (f.first, f.second, f.ending)):
        width = max(flow.customers * scale, 0.5)
        for at, (one, other) in enumerate(((flow.first, flow.second), (flow.second, flow.ending))):
            a, b = rights[at][one] + width / 2, lefts[at + 1][other] + width / 2
            rights[at][one] += width
            lefts[at + 1][other] += width
            x = 22 + at * 300
            ribbons.append(
                Ribbon(
                    path=f"M{x},{a:.1f} C{x + 140},{a:.1f} {x + 148},{b:.1f} {x + 288},{b:.1f}",
                    width=round(width, 1),
                    colour=ENDED[flow.ending],
                    title=f"{flow.customers:,}",
                )
            )
    bottom = max((node.y + node.height for node in nodes), default=40.0)
    return nodes, ribbons, int(bottom) + 20


def _removed(w: Words, result: Result) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """(stages, rows of action and counts): where candidates fell, and how many were weighed."""
    if result.decided is None:
        return [], []
    stages = sorted({stage for _, stage, _ in result.decided.removed})
    counts = {(action, stage): count for action, stage, count in result.decided.removed}
    actions = sorted(
        {action for action, _, _ in result.decided.removed} | set(result.decided.open),
        key=lambda name: -result.decided.open.get(name, 0),  # type: ignore[union-attr]
    )
    rows = []
    for action in actions:
        cells = [f"{counts.get((action, stage), 0):,}" if counts.get((action, stage)) else "" for stage in stages]
        rows.append((w.action(action), [*cells, f"{result.decided.open.get(action, 0):,}"]))
    return [*(w[f"stage.{stage}"] for stage in stages), w["weighed"]], rows


def _budget(w: Words, name: str, budget: float, left: Sequence[float]) -> tuple[str, str, str, str]:
    """(the campaign, what was left at the end, a line for a small picture, the budget)."""
    points = [budget, *left]
    step = 200 / max(len(points) - 1, 1)
    path = " ".join(f"{n * step:.1f},{38 - 34 * (x / budget if budget else 0):.1f}" for n, x in enumerate(points))
    return name, w.money(points[-1]), path, w.money(budget)
