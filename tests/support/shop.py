"""A year of a small shop, drawn: customers who buy at their own pace and stop at some time, as rows for the intake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from agent.domain.imports import ReviewRow, Row
from tests.support.brand import agreed, order, person

PRODUCTS = tuple(f"p{number}" for number in range(12))


def year(customers: int, now: datetime, seed: int = 0, days: int = 300) -> Iterator[Row]:
    """People, consents and orders, known when they happened. Each has two favourites and a pace of 10 to 60 days."""
    draw = np.random.Generator(np.random.Philox(seed))
    for number in range(customers):
        name = f"u{number}"
        yield person(name)
        yield from agreed(name)
        pace, stops = 10 + 50 * draw.random(), days * draw.random() ** 0.5
        mine = draw.choice(len(PRODUCTS), 2, replace=False)
        at = days * draw.random() * 0.6
        while at < min(days - 1.0, days * 0.6 + stops):
            what = PRODUCTS[int(mine[0] if draw.random() < 0.7 else mine[1])]
            when = now - timedelta(days=days - at)
            when = when.replace(hour=9 + number % 10, minute=int(draw.integers(60)))
            line = order(name, f"o-{number}-{at:.2f}", when, product_id=what)
            yield replace(line, key=f"l-{number}-{at:.2f}")
            at += max(1.0, draw.exponential(pace))


def review(name: str, at: datetime, words: str, rating: int = 0) -> ReviewRow:
    return ReviewRow(key=f"r-{name}-{at:%j%H%M}", external_id=name, product="p1", at=at, rating=rating, words=words)
