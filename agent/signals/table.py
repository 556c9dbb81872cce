"""The prepared table: thirty numbers for each customer as of one day, from which every score is computed.

Nothing in it says who somebody is or where they live: age, sex, country, region, language and names are not inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.signals.purchases import Floats, Ints, Purchases, Visits, count, group_starts, ratio, visits

COLUMNS = (
    "recency", "days", "tenure", "days_30", "days_90", "days_180", "days_before", "spend", "spend_90", "spend_before",
    "per_day", "last_spend", "gap_mean", "gap_sd", "gap_last", "overdue", "products", "repeat_share", "lines_per_order",
    "returned", "reduced", "novelty", "evenings", "weekends", "events_30", "views_30", "carts_30", "cases_90",
    "offers_90", "taken_90",
)  # fmt: skip
"""Times are in days, money in main units, shares between 0 and 1. `*_before`: from 180 to 90 days ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What customers did beside buying, and what was offered to them: one entry each. `kind` is one of `KINDS`."""

    who: Ints
    day: Ints
    kind: Ints


KINDS = ("event", "view", "cart", "case", "offer", "taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`who` are the codes of the customers it is about; every column has one entry for each."""

    who: Ints
    columns: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.who)


def table(purchases: Purchases, cut: int, deeds: Deeds | None = None) -> Table:
    """One row for each customer with a purchase by the day `cut`; only what happened by then is read."""
    known = purchases.until(cut)
    days = visits(known)
    who = np.unique(days.who)
    everyone = _of_visits(days, cut) | _of_lines(known) | _of_deeds(deeds, purchases.customers, cut)
    return Table(who=who, columns={name: everyone[name][who] for name in COLUMNS})


def _of_visits(days: Visits, cut: int) -> dict[str, Floats]:
    size, ago = days.customers, cut - days.day
    starts = group_starts(days.who)
    last, first = np.full(size, np.nan), np.full(size, np.nan)
    ends = np.append(starts[1:], len(days.who)) - 1 if len(starts) else starts
    some = days.who[starts]
    last[some], first[some] = ago[ends], ago[starts]
    found = {
        "recency": last,
        "tenure": first,
        "days": count(days.who, size),
        "spend": count(days.who, size, days.spend),
        "days_before": count(days.who[(ago >= 90) & (ago < 180)], size),
        "spend_90": count(days.who, size, np.where(ago < 90, days.spend, 0.0)),
        "spend_before": count(days.who, size, np.where((ago >= 90) & (ago < 180), days.spend, 0.0)),
    }
    for span in (30, 90, 180):
        found[f"days_{span}"] = count(days.who[ago < span], size)
    found["per_day"] = ratio(found["spend"], found["days"])
    found["last_spend"] = np.zeros(size)
    found["last_spend"][some] = days.spend[ends]
    return found | _gaps(days, found, some, ends)


def _gaps(days: Visits, found: dict[str, Floats], some: Ints, ends: Ints) -> dict[str, Floats]:
    """How far apart purchases are; where there is but one, its age stands for the gap to come."""
    size = days.customers
    same = days.who[1:] == days.who[:-1]
    owner, gap = days.who[1:][same], np.diff(days.day)[same].astype(np.float64)
    pairs = count(owner, size)
    mean = ratio(count(owner, size, gap), pairs)
    spread = np.sqrt(np.maximum(0.0, ratio(count(owner, size, gap * gap), pairs) - mean * mean))
    latest = np.zeros(size)
    again = some[found["days"][some] > 1]
    latest[again] = (days.day[ends] - days.day[ends - 1])[found["days"][some] > 1]
    usual = np.where(pairs > 0, mean, np.maximum(found["tenure"], 1.0))
    return {
        "gap_mean": usual,
        "gap_sd": spread,
        "gap_last": latest,
        "overdue": ratio(found["recency"], np.maximum(usual, 1.0)),
    }


def _of_lines(known: Purchases) -> dict[str, Floats]:
    size, bought = known.customers, known.bought()
    lines = count(bought.who, size)
    pairs = np.unique(bought.who * max(1, known.products) + bought.what)
    distinct = count(pairs // max(1, known.products), size)
    orders = np.unique(bought.order)
    owner = np.zeros(int(orders.max()) + 1 if len(orders) else 1, dtype=np.int64)
    owner[bought.order] = bought.who
    back = count(known.who[known.quantity < 0], size)
    return {
        "products": distinct,
        "repeat_share": 1.0 - ratio(distinct, lines, 1.0),
        "lines_per_order": ratio(lines, count(owner[orders], size)),
        "returned": ratio(back, lines + back),
        "reduced": ratio(count(bought.who, size, _reduced(bought)), lines),
        "novelty": ratio(count(bought.who, size, _early(bought)), lines),
        "evenings": ratio(count(bought.who, size, (bought.hour >= 17).astype(float)), lines),
        "weekends": ratio(count(bought.who, size, ((bought.day + 3) % 7 >= 5).astype(float)), lines),
    }


def _reduced(bought: Purchases) -> Floats:
    """1 for a line that cost at least a tenth less a piece than the product's usual (median) price."""
    price = bought.amount / bought.quantity
    order = np.lexsort((price, bought.what))
    starts = group_starts(bought.what[order])
    sizes = np.diff(np.append(starts, len(order)))
    usual = np.zeros(max(1, bought.products))
    if len(starts):
        usual[bought.what[order][starts]] = price[order][starts + sizes // 2]
    return np.asarray(price < 0.9 * usual[bought.what], dtype=np.float64)


def _early(bought: Purchases) -> Floats:
    """1 for a line within 30 days of the first sale of a product that came after the data's first 30 days."""
    first = np.full(max(1, bought.products), np.inf)
    np.minimum.at(first, bought.what, bought.day.astype(np.float64))
    begins = bought.day.min() if len(bought.day) else 0
    fresh = first[bought.what] > begins + 30
    return np.asarray(fresh & (bought.day - first[bought.what] < 30), dtype=np.float64)


def _of_deeds(deeds: Deeds | None, size: int, cut: int) -> dict[str, Floats]:
    spans = {"event": 30, "view": 30, "cart": 30, "case": 90, "offer": 90, "taken": 90}
    names = ("events_30", "views_30", "carts_30", "cases_90", "offers_90", "taken_90")
    if deeds is None:
        return {name: np.zeros(size) for name in names}
    ago = cut - deeds.day
    found = {}
    for name, (number, span) in zip(names, enumerate(spans.values()), strict=True):
        these = (deeds.kind == number) & (ago >= 0) & (ago < span)
        found[name] = count(deeds.who[these], size)
    return found
