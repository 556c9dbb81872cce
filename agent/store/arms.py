"""Arms: what came of an action on a channel so far. It moves the playbook's priors by their strength."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from agent.domain.ids import EffectId, TenantId
from agent.domain.money import Money
from agent.store import schema as t
from agent.store.rows import insert_new

SUCCESSES = frozenset({"accepted", "converted"})
NEVER_SEEN = "bounced"


def count_outcome(
    connection: Connection, tenant: TenantId, effect: EffectId, kind: str, at: datetime, value: Money | None = None
) -> bool:
    """Writes the outcome; an arm counts a trial with the first that was seen, a success with the first success."""
    e, a, o = t.effects.c, t.arms.c, t.outcomes.c
    before = set(connection.execute(select(o.kind).where(o.tenant == tenant, o.effect == effect)).scalars())
    row = {
        "tenant": tenant,
        "effect": effect,
        "kind": kind,
        "at": at,
        "value_micros": value.micros if value else None,
        "currency": value.currency if value else None,
    }
    if not insert_new(connection, t.outcomes, [row]):
        return False
    trial = kind != NEVER_SEEN and not before - {NEVER_SEEN}
    success = kind in SUCCESSES and not before & SUCCESSES
    if trial or success:
        of = connection.execute(select(e.action, e.channel).where(e.tenant == tenant, e.effect == effect)).one()
        arm = {"tenant": tenant, "action": of.action, "channel": of.channel, "trials": 0, "successes": 0}
        insert_new(connection, t.arms, [arm])
        connection.execute(
            update(t.arms)
            .where(a.tenant == tenant, a.action == of.action, a.channel == of.channel)
            .values(trials=a.trials + int(trial), successes=a.successes + int(success))
        )
    return True
