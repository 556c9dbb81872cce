"""Arms: what came of an action on a channel so far. It moves the playbook's priors by their strength."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from agent.domain.ids import EffectId, TenantId
from agent.domain.money import Money
from agent.store import schema as t
from agent.store.rows import chunks, insert_new

REACHED, TAKEN = "converted", "accepted"
"""Who takes an offer up has not bought yet: a rate of the playbook is the share of customers who buy. Only what pursues
no goal (asking for consent) has reached what it wanted when it is taken up."""
NEVER_SEEN = "bounced"


def count_outcome(
    connection: Connection, tenant: TenantId, effect: EffectId, kind: str, at: datetime, value: Money | None = None
) -> bool:
    """Writes the outcome; an arm counts a trial with the first that was seen, a success with the first success."""
    return count_outcomes(connection, tenant, [effect], kind, at, value) == 1


def count_outcomes(
    connection: Connection,
    tenant: TenantId,
    effects: Sequence[EffectId],
    kind: str,
    at: datetime,
    value: Money | None = None,
) -> int:
    """The same of several effects that one thing came of; of how many it was new."""
    moved: Counter[tuple[str, str, bool, bool]] = Counter()
    new = 0
    for some in chunks(effects):
        before = _known(connection, tenant, some)
        fresh = [effect for effect in some if kind not in before.get(effect, ())]
        new += insert_new(connection, t.outcomes, [_row(tenant, effect, kind, at, value) for effect in fresh])
        e = t.effects.c
        query = select(e.effect, e.action, e.channel, e.journey).where(e.tenant == tenant, e.effect.in_(fresh))
        for row in connection.execute(query) if fresh else ():
            was = before.get(row.effect, set())
            trial = kind != NEVER_SEEN and not was - {NEVER_SEEN}
            successes = {REACHED} if row.journey else {REACHED, TAKEN}
            success = kind in successes and not was & successes
            moved[row.action, row.channel, trial, success] += 1
    _count(connection, tenant, moved)
    return new


def _known(connection: Connection, tenant: TenantId, effects: Sequence[EffectId]) -> dict[str, set[str]]:
    o, found = t.outcomes.c, defaultdict[str, set[str]](set)
    for row in connection.execute(select(o.effect, o.kind).where(o.tenant == tenant, o.effect.in_(effects))):
        found[row.effect].add(row.kind)
    return found


def _row(tenant: TenantId, effect: EffectId, kind: str, at: datetime, value: Money | None) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "effect": effect,
        "kind": kind,
        "at": at,
        "value_micros": value.micros if value else None,
        "currency": value.currency if value else None,
    }


def _count(connection: Connection, tenant: TenantId, moved: Mapping[tuple[str, str, bool, bool], int]) -> None:
    a = t.arms.c
    for (action, channel, trial, success), n in sorted(moved.items()):
        if trial or success:
            arm = {"tenant": tenant, "action": action, "channel": channel, "trials": 0, "successes": 0}
            insert_new(connection, t.arms, [arm])
            connection.execute(
                update(t.arms)
                .where(a.tenant == tenant, a.action == action, a.channel == channel)
                .values(trials=a.trials + n * int(trial), successes=a.successes + n * int(success))
            )
