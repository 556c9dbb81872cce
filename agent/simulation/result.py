"""A simulation's result: what each policy came to, the differences, and how it went. Plain values, ready for JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from agent.decisioning.fairness import Line
from agent.domain.playbook import Playbook
from agent.simulation.calibration import Calibration, gaps
from agent.simulation.measures import (
    DAY,
    MEASURED,
    Difference,
    Measures,
    Prices,
    difference,
    measure,
    per_customer,
    together,
)
from agent.simulation.plan import ORACLE, Plan, playbooks_of
from agent.simulation.played import Budget, Learned, Played
from agent.simulation.tally import FACTORS, Tally

MOST_FLOWS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What a policy earned beyond silence. `returned` is extra margin before spending for each unit spent; `each` what
    an extra purchase cost, None where there was none; money in main units, means over seeds."""

    policy: str
    extra_purchases: float
    extra_earned: float
    spent: float
    returned: float | None
    each: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The first policy held against `rules`, in the measures that the field quotes, as shares (0.77 is +77 %): more
    customers who buy, change in what a purchase costs in contacts and discounts, return on what is spent."""

    conversion: float | None
    cost: float | None
    returned: float | None


QUOTED = Beside(conversion=0.77, cost=-0.122, returned=5.44)
"""What the product's sources quote (use case O6): claims of vendors, without method or denominator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayDifference:
    """The margin gained per customer by the end of a day, with its interval."""

    day: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Customers whose first and second message were these, and how it ended."""

    first: str
    second: str
    ending: str
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What the rules of today said to one of the customers whose story is told; `at` on the brand's clock."""

    customer: str
    at: str
    action: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Sums over the decisions of the first policy. `removed` counts candidates by (action, stage)."""

    decisions: int
    events: int
    acted: dict[str, int]
    held: dict[str, int]
    removed: list[tuple[str, int, int]]
    open: dict[str, int]
    rules: dict[str, int]
    factors: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    world: str
    brand: str
    currency: str
    begins: str
    days: int
    played_days: float
    complete: bool
    customers: int
    seeds: tuple[int, ...]
    policies: tuple[str, ...]
    paired: bool
    measures: dict[str, Measures]
    differences: list[Difference]
    earned: list[Earned]
    beside: Beside | None
    quoted: Beside
    regret: float | None
    decided: Decided | None
    learned: list[Learned]
    budgets: list[Budget]
    fairness: list[Line]
    cumulative: dict[str, list[DayDifference]]
    hours: dict[str, list[list[int]]]
    funnel: list[tuple[str, int]]
    flows: list[Flow]
    opened: int
    late: int
    calibration: list[tuple[str, float, float]]
    told: list[str] = field(default_factory=list)
    stories: list[Any] = field(default_factory=list)
    ruled: list[Ruled] | None = None
    """None where the rules were not played."""

    def difference(self, what: str, against: str) -> Difference | None:
        return next((d for d in self.differences if d.measure == what and d.against == against), None)


def result(plan: Plan, playbook: Playbook, played: Sequence[Played]) -> Result:
    """Everything up to the hour that all policies reached. Of a run that was stopped early, only the policies that had
    begun. Raises KeyboardInterrupt where the first of them had not."""
    whole = len(played) == len(plan.policies) * len(plan.seeds)
    begun = {(p.policy, p.seed) for p in played}
    policies = tuple(p for p in plan.policies if (p, plan.seeds[0]) in begun)
    if plan.policies[0] not in policies:
        raise KeyboardInterrupt
    plan = replace(plan, policies=policies)
    ended = {(p.policy, p.seed) for p in played if p.until >= plan.days * DAY}
    seeds = tuple(s for s in plan.seeds if all((p, s) in ended for p in policies)) or plan.seeds[:1]
    kept = [p for p in played if p.seed in seeds]
    until = min(p.until for p in kept)
    complete = whole and until >= plan.days * DAY
    tables = {(p.policy, p.seed): p.tables if until >= plan.days * DAY else p.tables.until(until) for p in kept}
    prices, n = Prices.of(playbook, playbooks_of(plan)), plan.customers
    measures = {p: together([measure(tables[p, s], prices, n) for s in seeds]) for p in plan.policies}
    main = plan.policies[0]
    first = next(p for p in played if p.policy == main)
    mine = {w: [per_customer(tables[main, s], prices, n, w) for s in seeds] for w in MEASURED}
    days = math.floor(until / DAY)
    differences = [
        difference(w, main, other, mine[w], [per_customer(tables[other, s], prices, n, w) for s in seeds], plan.shared)
        for other in plan.policies[1:]
        for w in MEASURED
    ]
    earned = [found for p in plan.policies if (found := _earned(p, measures)) is not None]
    return Result(
        world=_world(plan),
        brand=playbook.brand.name,
        currency=playbook.brand.currency,
        begins=plan.begins.astimezone(ZoneInfo(playbook.brand.zone)).isoformat(),
        days=plan.days,
        played_days=round(until / DAY, 2),
        complete=complete,
        customers=n,
        seeds=seeds,
        policies=plan.policies,
        paired=plan.shared,
        measures=measures,
        differences=differences,
        earned=earned,
        beside=_beside(main, measures, earned),
        quoted=QUOTED,
        regret=(measures[ORACLE].margin - measures[main].margin) / n if ORACLE in measures else None,
        decided=_decided(first.tally, first.events) if first.tally is not None else None,
        learned=sorted(first.learned, key=lambda one: -one.trials),
        budgets=first.budgets,
        fairness=[line for line in first.fair.lines if line.measure == "offers"] if first.fair else [],
        cumulative={o: _cumulative(plan, tables, seeds, o, prices, days) for o in policies[1:] if o != ORACLE},
        hours={p: _hours([tables[p, s] for s in seeds]) for p in plan.policies if p != ORACLE},
        funnel=_funnel(tables[main, first.seed], n),
        flows=_flows(tables[main, first.seed]),
        opened=first.tables.opened,
        late=first.tables.late,
        calibration=_calibration(plan, played, playbook.brand.zone),
        told=first.told,
        stories=first.stories,
        ruled=_ruled(plan, playbook, first, next((p for p in played if p.policy == "rules"), None)),
    )


def _world(plan: Plan) -> str:
    """Its name, and by which number its law was bent."""
    name = plan.world if plan.calibration is None else "data"
    return f"{name}~{plan.perturbed}" if plan.perturbed else name


def _ruled(plan: Plan, playbook: Playbook, first: Played, rules: Played | None) -> list[Ruled] | None:
    if rules is None:
        return None
    zone, touches = ZoneInfo(playbook.brand.zone), rules.tables.touches
    return [
        Ruled(
            customer=rules.names[int(who)],
            at=f"{(plan.begins + timedelta(seconds=float(at))).astimezone(zone):%Y-%m-%d %H:%M}",
            action=str(action),
            channel=str(channel),
        )
        for who, at, action, channel in zip(
            touches["who"], touches["at"], touches["action"], touches["channel"], strict=True
        )
        if rules.names[int(who)] in first.told
    ]


def _earned(policy: str, measures: dict[str, Measures]) -> Earned | None:
    """Against silence, where that was played too."""
    silent = measures.get("nobody")
    if silent is None or policy in ("nobody", ORACLE):
        return None
    mine = measures[policy]
    extra, gained = mine.purchases - silent.purchases, mine.earned - silent.earned
    return Earned(
        policy=policy,
        extra_purchases=extra,
        extra_earned=gained,
        spent=mine.spent,
        returned=gained / mine.spent if mine.spent > 0 else None,
        each=mine.spent / extra if extra > 0 else None,
    )


def _beside(main: str, measures: dict[str, Measures], earned: Sequence[Earned]) -> Beside | None:
    rules = measures.get("rules")
    if rules is None:
        return None
    mine = measures[main]
    costs = [m.spent / m.purchases if m.purchases else None for m in (mine, rules)]
    return Beside(
        conversion=mine.buyers / rules.buyers - 1.0 if rules.buyers else None,
        cost=costs[0] / costs[1] - 1.0 if costs[0] is not None and costs[1] else None,
        returned=next((e.returned for e in earned if e.policy == main), None),
    )


def _decided(tally: Tally, events: int) -> Decided:
    return Decided(
        decisions=tally.decisions,
        events=events,
        acted=dict(tally.acted.most_common()),
        held=dict(tally.held.most_common()),
        removed=[(action, int(stage), count) for (action, stage), count in sorted(tally.removed.items())],
        open=dict(tally.open),
        rules=dict(tally.rules.most_common(30)),
        factors={name: tally.changed[name] / tally.weighed if tally.weighed else 0.0 for name in FACTORS},
    )


def _cumulative(
    plan: Plan, tables: dict[tuple[str, int], Any], seeds: Sequence[int], other: str, prices: Prices, days: int
) -> list[DayDifference]:
    main, found = plan.policies[0], []
    for day in range(1, days + 1):
        mine, theirs = (
            [per_customer(tables[p, s].until(day * DAY), prices, plan.customers, "margin") for s in seeds]
            for p in (main, other)
        )
        d = difference("margin", main, other, mine, theirs, plan.shared)
        found.append(DayDifference(day=day, mean=d.mean, low=d.low, high=d.high))
    return found


def _hours(tables: Sequence[Any]) -> list[list[int]]:
    """Messages by weekday (Monday first) and hour, on the customers' own clocks."""
    grid = np.zeros((7, 24), dtype=int)
    for table in tables:
        touches = table.touches
        np.add.at(grid, (touches["weekday"].astype(int), touches["hour"].astype(int)), 1)
    return [[int(n) for n in row] for row in grid]


def _funnel(tables: Any, customers: int) -> list[tuple[str, int]]:
    """How many customers came how far."""
    touches, orders = tables.touches, tables.orders
    offers = touches.where(touches["kind"] == "offer") if len(touches) else touches
    noticed = offers.where(offers["noticed"].astype(bool)) if len(offers) else offers
    bought = orders.where(orders["touched"].astype(bool)) if len(orders) else orders
    caused = bought.where(~bought["anyway"].astype(bool)) if len(bought) else bought
    steps = [("customers", customers)]
    steps += [(name, len(np.unique(table["who"]))) for name, table in (("offered", offers), ("noticed", noticed))]
    steps += [(name, len(np.unique(table["who"]))) for name, table in (("bought_after", bought), ("caused", caused))]
    return steps


def _flows(tables: Any) -> list[Flow]:
    touches = tables.touches
    said: dict[int, list[str]] = {}
    for who, action, kind in zip(touches["who"], touches["action"], touches["kind"], strict=True):
        if kind == "offer":
            said.setdefault(int(who), []).append(str(action))
    ended: dict[int, str] = {}
    for who, what in zip(tables.ended["who"], tables.ended["what"], strict=True):
        if what in ("stopped", "left"):
            ended.setdefault(int(who), str(what))
    for who, touched in zip(tables.orders["who"], tables.orders["touched"], strict=True):
        if touched:
            ended[int(who)] = "bought"
    counts = Counter(
        (some[0], some[1] if len(some) > 1 else "", ended.get(who, "nothing")) for who, some in said.items()
    )
    return [
        Flow(first=first, second=second, ending=ending, customers=count)
        for (first, second, ending), count in counts.most_common(MOST_FLOWS)
    ]


def _calibration(plan: Plan, played: Sequence[Played], zone: str) -> list[tuple[str, float, float]]:
    """The same figures in the data and in the world when nobody is contacted."""
    known: Calibration | None = plan.calibration
    quiet = next((p for p in played if p.policy == "nobody"), None)
    if known is None or quiet is None:
        return []
    orders = quiet.tables.orders
    months = plan.days / 30.4
    values = [float(v) for v in orders["value"]]
    began = plan.begins.timestamp()
    apart = gaps([str(w) for w in orders["who"]], [began + float(at) for at in orders["at"]])
    within = [gap for gap in apart if gap > 0]
    return [
        ("orders_per_customer_month", sum(known.rates) / len(known.rates), len(values) / plan.customers / months),
        ("mean_basket", known.mean_basket, sum(values) / len(values) if values else 0.0),
        ("median_basket", known.baskets[len(known.baskets) // 2], float(np.median(values)) if values else 0.0),
        ("median_gap_days", known.median_gap, float(np.median(within)) if within else 0.0),
        ("weekend_share", sum(known.weekdays[5:]), _weekend(plan, orders, zone)),
    ]


def _weekend(plan: Plan, orders: Any, zone: str) -> float:
    local = ZoneInfo(zone)
    days = [(plan.begins + timedelta(seconds=float(at))).astimezone(local).weekday() for at in orders["at"]]
    return sum(day >= 5 for day in days) / len(days) if days else 0.0
