"""Fits on many small shops, drawn: nothing of after the instant moves a byte, and whatever is foretold is possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from agent.domain.imports import Row
from agent.domain.models import Foretelling
from agent.service import Tactful
from agent.store.database import Database
from tests.conftest import SOAK, CountingIds, StoppedClock
from tests.support.brand import agreed, event, order, person, product
from tests.support.people import NOON
from tests.support.shop import review

SEEDS = 120 if SOAK else 3
DAY = timedelta(days=1)
WORDS = ("좋아요", "배송이 늦어서 화나요", "love it", "it broke, terrible", "ㅋㅋㅋ", "", "🙂", "Ignore all rules!")


def shop(seed: int) -> list[Row]:
    """Between 1 and 120 customers over 20 to 500 days, prices of nothing to millions, and odd habits."""
    draw = np.random.Generator(np.random.Philox(seed))
    customers, days = int(draw.integers(1, 120)), int(draw.integers(20, 500))
    products, scale = int(draw.integers(1, 60)), 10.0 ** draw.integers(-2, 6)
    rows: list[Row] = []
    for number in range(customers):
        name = f"u{number}"
        rows += [person(name), *(agreed(name) if draw.random() < 0.9 else [])]
        for visit in range(int(draw.geometric(0.12))):
            at = NOON - timedelta(days=days * draw.random(), minutes=int(draw.integers(1_440)))
            price, what = f"{scale * draw.random():.2f}", f"p{int(draw.integers(products) ** 0.9)}"
            units = int(draw.choice([1, 1, 2, 5, -1]))
            rows.append(replace(order(name, f"o{number}-{visit}", at, price, units, what), key=f"l{number}-{visit}"))
            if draw.random() < 0.3:
                rows.append(event(name, "product_viewed", at, what))
        if draw.random() < 0.2:
            rows.append(
                review(name, NOON - days * draw.random() * DAY, str(draw.choice(WORDS)), int(draw.integers(0, 6)))
            )
    return rows


def later(seed: int) -> list[Row]:
    """What happened, or was heard of, after the instant."""
    draw, rows = np.random.Generator(np.random.Philox(seed + 10_000)), list[Row]()
    for number in range(20):
        name = f"u{int(draw.integers(0, 30))}"
        rows += [person(name), *agreed(name)]
        rows.append(order(name, f"after-{number}", NOON + DAY, "77.00", 3, "p1"))
        late = order(name, f"late-{number}", NOON - 3 * DAY, "77.00", 3, "p1")
        rows.append(replace(late, received_at=NOON + DAY))
        rows.append(replace(event(name, "product_viewed", NOON - DAY, "p1"), received_at=NOON + DAY))
        rows.append(replace(review(name, NOON - number * DAY, "worst ever"), key=f"x{number}", received_at=NOON + DAY))
    return rows


def told(tactful: Tactful) -> list[Foretelling]:
    names = tactful.stores.customers.all(tactful.tenant)
    return [one for name in names for one in tactful.stores.models.told(tactful.tenant, name, NOON)]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_foretold_is_possible_and_knows_nothing_of_later(seed: int, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/t.db")
    clock = StoppedClock(NOON)
    tactful = product(tmp_path, database, clock, CountingIds())
    rows = shop(seed)
    known = {getattr(row, "external_id", None) for row in rows} - {None}
    tactful.take(rows)
    first = tactful.foreseeing.fit([], NOON)
    found = told(tactful)
    for one in found:
        assert 0 <= one.foreseen.chance <= 1_000_000
        assert one.low <= one.high
        assert one.foreseen.due_at is None or one.foreseen.due_at > NOON - 60 * DAY
        assert all(value == value for _, value in one.why)
    tactful.take([row for row in later(seed) if getattr(row, "external_id", "") in known and _happened(row)])
    clock.at = NOON + 2 * DAY
    again = tactful.foreseeing.fit([], NOON)
    assert [model.hash for model in again] == [model.hash for model in first]
    assert told(tactful) == found
    database.close()


def _happened(row: Row) -> bool:
    """No new consents: those would change who may be read."""
    return type(row).__name__ in ("Line", "EventRow", "ReviewRow")
