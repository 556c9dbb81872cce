"""The prepared table: thirty numbers for each customer as of one day, from which every score is computed.

Nothing in it says who somebody is or where they live: age, sex, country, region, language and names are not inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.signals.purchases import Floats, Ints, Purchases, Visits, count, group_starts, ratio, visits

COLUMNS = (
    "recency", "tenure", "days", "days_recent", "days_before", "days_half", "days_quarter", "days_eighth", "spend",
    "spend_recent", "spend_before", "per_day", "last_spend", "gap_mean", "gap_sd", "gap_last", "overdue", "products",
    "repeat_share", "lines_per_order", "returned", "reduced", "novelty", "evenings", "weekends", "views_30", "carts_30",
    "cases_90", "offers_90", "taken_90",
)  # fmt: skip
"""Times are in days, money in main units, shares between 0 and 1. `days` are days with a purchase: in all, over the
last horizon (`recent`), over the one before it, and over the last half, quarter and eighth of what was recorded."""


GROWING = frozenset(
    {"tenure", "days", "days_half", "days_quarter", "days_eighth", "spend", "products", "repeat_share", "overdue"}
)
"""Everybody grows older with the records and has bought more by then, and a half of them is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What customers did beside buying, and what was offered to them: one entry each. `kind` points into `SPANS`."""

    who: Ints
    day: Ints
    kind: Ints


SPANS = {"views_30": 30, "carts_30": 30, "cases_90": 90, "offers_90": 90, "taken_90": 90}
"""The columns that deeds make, in the order of their `kind`, and how many days they look back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`who` are the codes of the customers it is about; every column has one entry for each. `span` is how many days
    were recorded, `horizon` what counts as recent."""

    who: Ints
    columns: dict[str, Floats]
    span: int = 0
    horizon: int = 90

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.who)


def table(purchases: Purchases, cut: int, horizon: int, deeds: Deeds | None = None) -> Table:
    """One row for each customer with a purchase by the day `cut`; only what happened by then is read."""
    known = purchases.until(cut)
    days = visits(known)
    counted = counts(days, cut, horizon)
    everyone = counted.columns | _of_lines(known) | _of_deeds(deeds, purchases.customers, cut)
    columns = {name: counted[name] if name in counted.columns else everyone[name][counted.who] for name in COLUMNS}
    return Table(who=counted.who, columns=columns, span=counted.span, horizon=horizon)


def settled(rows: Table) -> dict[str, Floats]:
    """The columns that do not move by themselves as time goes on: drift is measured on these."""
    return {name: column for name, column in rows.columns.items() if name not in GROWING}


def counts(days: Visits, cut: int, horizon: int) -> Table:
    """What days of purchase and spend alone tell: all that value is fitted on."""
    days = days.between(0, cut)
    size, ago = days.customers, cut - days.day
    starts = group_starts(days.who)
    ends = np.append(starts[1:], len(days.who)) - 1 if len(starts) else starts
    who, span = days.who[starts], int(ago.max()) + 1 if len(ago) else 0

    def within(first: int, last: int, weights: Floats | None = None) -> Floats:
        these = (ago >= first) & (ago < last)
        return count(days.who[these], size, weights[these] if weights is not None else None)[who]

    columns = {
        "recency": ago[ends].astype(np.float64),
        "tenure": ago[starts].astype(np.float64),
        "days": count(days.who, size)[who],
        "days_recent": within(0, horizon),
        "days_before": within(horizon, 2 * horizon),
        "days_half": within(0, span // 2),
        "days_quarter": within(0, span // 4),
        "days_eighth": within(0, span // 8),
        "spend": count(days.who, size, days.spend)[who],
        "spend_recent": within(0, horizon, days.spend),
        "spend_before": within(horizon, 2 * horizon, days.spend),
        "last_spend": days.spend[ends],
    }
    columns["per_day"] = ratio(columns["spend"], columns["days"])
    return Table(who=who, columns=columns | _gaps(days, columns, who, ends), span=span, horizon=horizon)


def _gaps(days: Visits, found: dict[str, Floats], who: Ints, ends: Ints) -> dict[str, Floats]:
    """How far apart purchases are; where there is but one, its age stands for the gap to come."""
    same = days.who[1:] == days.who[:-1]
    owner, gap = days.who[1:][same], np.diff(days.day)[same].astype(np.float64)
    pairs = count(owner, days.customers)[who]
    mean = ratio(count(owner, days.customers, gap)[who], pairs)
    square = ratio(count(owner, days.customers, gap * gap)[who], pairs)
    latest, again = np.zeros(len(who)), found["days"] > 1
    latest[again] = (days.day[ends] - days.day[ends - 1])[again]
    usual = np.where(pairs > 0, mean, np.maximum(found["tenure"], 1.0))
    return {
        "gap_mean": usual,
        "gap_sd": np.sqrt(np.maximum(0.0, square - mean * mean)),
        "gap_last": latest,
        "overdue": found["recency"] / np.maximum(usual, 1.0),
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
    if deeds is None:
        return {name: np.zeros(size) for name in SPANS}
    ago = cut - deeds.day
    return {
        name: count(deeds.who[(deeds.kind == number) & (ago >= 0) & (ago < span)], size)
        for number, (name, span) in enumerate(SPANS.items())
    }
