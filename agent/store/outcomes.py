"""What came of an effect: one outcome each, counted for the arm it was an arm of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from agent.domain.errors import NotFound
from agent.domain.ids import EffectId, TenantId
from agent.domain.money import Money
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import insert_new, note

SUCCESSES = frozenset({"accepted", "converted"})
KINDS = frozenset({"accepted", "converted", "declined", "ignored"})


class SqlOutcomes:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, tenant: TenantId, effect: EffectId, kind: str, at: datetime, value: Money | None = None) -> bool:
        """Records the outcome; False if the effect has one. Raises NotFound for the effect, ValueError for the kind."""
        if kind not in KINDS:
            raise ValueError(f"an outcome is one of {', '.join(sorted(KINDS))}")
        e, a = t.effects.c, t.arms.c
        with self._database.writing() as connection:
            row = connection.execute(select(e.action, e.channel).where(e.tenant == tenant, e.effect == effect)).first()
            if row is None:
                raise NotFound("no effect of this id", next_step="Copy it from `tactful explain`.")
            new = insert_new(
                connection,
                t.outcomes,
                [
                    {
                        "tenant": tenant,
                        "effect": effect,
                        "kind": kind,
                        "at": at,
                        "value_micros": value.micros if value else None,
                        "currency": value.currency if value else None,
                    }
                ],
            )
            if new:
                arm = {"tenant": tenant, "action": row.action, "channel": row.channel, "trials": 0, "successes": 0}
                insert_new(connection, t.arms, [arm])
                connection.execute(
                    update(t.arms)
                    .where(a.tenant == tenant, a.action == row.action, a.channel == row.channel)
                    .values(trials=a.trials + 1, successes=a.successes + (1 if kind in SUCCESSES else 0))
                )
                note(connection, tenant, self._clock.now(), "outcome", effect, kind=kind)
        return bool(new)
