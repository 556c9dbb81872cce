"""Who stops buying: the chance that somebody who bought lately does not buy again within so many days.

Learned from earlier days of the same customers: the table as of such a day, and what came after it. Fitted, chosen and
checked in time order by `agent.signals.tabular`; the tables are the same that customers are scored with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agent.signals.purchases import Floats, Ints, Purchases, visits
from agent.signals.table import COLUMNS, Deeds, Table, table

LOOKBACKS = 6
"""Earlier days to learn from, at most, a horizon apart."""
STILL = 3.0
"""Who has not bought for so many horizons has stopped already: there is nothing to foresee."""
LOGGED = frozenset(
    name for name in COLUMNS if name not in {"repeat_share", "returned", "reduced", "novelty", "evenings", "weekends"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Rows in time order: `inputs` as named columns, `stopped` 0 or 1, `who` the customer and `lesson` the earlier day
    of each row, counted from the oldest: no label reaches into the next lesson."""

    inputs: dict[str, Floats]
    stopped: Floats
    who: Ints
    lesson: Ints


def lessons(purchases: Purchases, cut: int, horizon: int, deeds: Deeds | None) -> Lessons:
    """What can be learned by the day `cut`: no row reads beyond it, and no input beyond its own day."""
    found, days = [], visits(purchases.until(cut))
    begins = int(days.day.min()) if len(days.day) else cut
    for back in reversed(range(LOOKBACKS)):
        then = cut - horizon - back * horizon
        if then - begins < horizon // 2:
            continue
        rows = active(table(purchases, then, horizon, deeds), horizon)
        after = days.between(then + 1, then + horizon)
        came = np.bincount(after.who, minlength=days.customers)[rows.who] > 0
        found.append((inputs(rows), (~came).astype(np.float64), rows.who))
    if not found:
        nothing = np.empty(0)
        nobody = np.empty(0, dtype=np.int64)
        return Lessons(inputs=dict.fromkeys(COLUMNS, nothing), stopped=nothing, who=nobody, lesson=nobody)
    return Lessons(
        inputs={name: np.concatenate([part[0][name] for part in found]) for name in COLUMNS},
        stopped=np.concatenate([part[1] for part in found]),
        who=np.concatenate([part[2] for part in found]),
        lesson=np.concatenate([np.full(len(part[2]), number) for number, part in enumerate(found)]),
    )


def active(rows: Table, horizon: int) -> Table:
    """Those who bought within the last `STILL` horizons."""
    these = rows["recency"] <= STILL * horizon
    columns = {name: column[these] for name, column in rows.columns.items()}
    return replace(rows, who=rows.who[these], columns=columns)


def inputs(rows: Table) -> dict[str, Floats]:
    """The table on the scale that is learned on: counts, days and money by their logarithm."""
    return {name: np.log1p(np.maximum(rows[name], 0.0)) if name in LOGGED else rows[name] for name in COLUMNS}
