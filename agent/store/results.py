"""What came of handing over: sent, refused, unknown; leases that ran out; what can be asked about, and what a person
has to find out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from agent.domain.action import Kind
from agent.domain.bundle import Delivery, EffectState
from agent.domain.customer import Channel
from agent.domain.delivery import TRIES, Abilities, Claim, Refused, Result, Sent, Undecided
from agent.domain.errors import InputError
from agent.domain.ids import EffectId, TenantId
from agent.domain.ports import Clock, Rng
from agent.store import schema as t
from agent.store.database import Database
from agent.store.ledger import SqlLedger
from agent.store.records import find_effect
from agent.store.resources import free_places, issue, release
from agent.store.rows import chunks, note, notes
from agent.store.timers import told

ASKED = (60.0, 120.0, 240.0, 480.0)
"""Seconds between questions to a provider that can be asked: within a quarter of an hour, then a person takes over."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class _Next:
    """What becomes of an effect after a try."""

    state: EffectState
    detail: str
    not_before: datetime | None = None
    receipt: str = ""
    doubtful: bool = False


class SqlResults:
    """The recording half of the `Outbox` port."""

    def __init__(self, database: Database, tenant: TenantId, clock: Clock, rng: Rng, ledger: SqlLedger) -> None:
        self._database = database
        self._tenant = tenant
        self._clock = clock
        self._rng = rng
        self._ledger = ledger

    def finish(self, answers: Sequence[tuple[Claim, Result]], abilities: Abilities) -> list[EffectState]:
        """Records the answers of some tries. One that comes after its lease was taken over counts too: sent is sent."""
        e = t.effects.c
        names = [claim.effect.effect_id for claim, _ in answers]
        query = select(t.effects).where(e.tenant == self._tenant, e.effect.in_(names))
        states, found = [], []
        with self._database.writing() as connection:
            now = self._clock.now()
            rows = {row.effect: row for row in connection.execute(query.order_by(e.effect).with_for_update())}
            for claim, result in answers:
                row = rows[claim.effect.effect_id]
                mine = row.lease == claim.lease and row.state in (EffectState.CLAIMED, EffectState.SENDING)
                if not mine and not isinstance(result, Sent):
                    states.append(EffectState(row.state))
                    continue
                after = self._after(row, result, abilities, now)
                found.append((row, after))
                states.append(after.state)
            self._write(connection, found, abilities.name, now)
        return states

    def recover(self, channels: Sequence[Channel], abilities: Abilities) -> int:
        """Takes back leases that ran out: what was not begun is due again; of what was begun nobody knows the end."""
        e = t.effects.c
        with self._database.writing() as connection:
            now = self._clock.now()
            mine = (e.tenant == self._tenant, e.channel.in_(channels), e.lease_until <= now)
            again = connection.execute(
                update(t.effects)
                .where(*mine, e.state == EffectState.CLAIMED)
                .values(state=EffectState.PENDING, lease="", lease_until=None)
            ).rowcount
            lost = connection.execute(
                select(t.effects).where(*mine, e.state == EffectState.SENDING).with_for_update(skip_locked=True)
            ).all()
            found = [(row, self._doubtful(row, "the dispatcher stopped in the middle", abilities, now)) for row in lost]
            self._write(connection, found, abilities.name, now)
        return again + len(lost)

    def lapse(self) -> int:
        """Offers that a caller showed and nobody took: a place in a calendar is free again. Their codes stay given."""
        e = t.effects.c
        with self._database.writing() as connection:
            now = self._clock.now()
            late = connection.execute(
                update(t.effects)
                .where(
                    e.tenant == self._tenant,
                    e.delivery == Delivery.CALLER,
                    e.state == EffectState.PENDING,
                    e.expires_at <= now,
                )
                .values(state=EffectState.EXPIRED, done_at=now, detail="shown, and its time is over")
                .returning(e.effect)
            ).scalars()
            return free_places(connection, self._tenant, list(late))

    def to_ask(self, channels: Sequence[Channel], limit: int) -> list[Undecided]:
        """Unknown effects whose provider should be asked now."""
        e = t.effects.c
        return self._undecided(e.channel.in_(channels), e.not_before <= self._clock.now(), limit=limit)

    def undecided(self) -> list[Undecided]:
        """Everything unknown that a person has to find out about: no provider will tell any more."""
        return self._undecided(t.effects.c.not_before.is_(None))

    def answered(self, effect: EffectId, taken: bool | None, abilities: Abilities) -> EffectState:
        """What the provider says of an unknown effect: taken, not taken (it is due again), or nothing (asked later)."""
        with self._database.writing() as connection:
            now = self._clock.now()
            row = find_effect(connection, self._tenant, effect, lock=True)
            if row.state != EffectState.UNKNOWN:
                return EffectState(row.state)
            if taken:
                after = _Next(EffectState.SENT, "found out", receipt=row.receipt)
            elif taken is None:
                after = _Next(EffectState.UNKNOWN, row.detail, self._ask_again(row, now), doubtful=True)
            elif now < row.expires_at and row.attempts < len(TRIES):
                after = _Next(EffectState.PENDING, "", now)
            else:
                after = _Next(EffectState.DEAD, "not taken, and its time is over")
            self._write(connection, [(row, after)], abilities.name, now)
        return after.state

    def resolve(self, effect: EffectId, arrived: bool, by: str) -> None:
        """A person found out. Raises NotFound, and InputError where nothing is unknown."""
        with self._database.writing() as connection:
            now = self._clock.now()
            row = find_effect(connection, self._tenant, effect, lock=True)
            if row.state != EffectState.UNKNOWN:
                raise InputError(
                    f"it is {row.state}, not unknown", place=effect, next_step="See `tactful dispatch unknown`."
                )
            state = EffectState.SENT if arrived else EffectState.DEAD
            self._write(connection, [(row, _Next(state, f"found out by {by}"))], row.provider, now)
            note(connection, self._tenant, now, "resolve", row.effect, arrived=arrived, by=by)

    def _after(self, row: Row[Any], result: Result, abilities: Abilities, now: datetime) -> _Next:
        if isinstance(result, Sent):
            return _Next(EffectState.SENT, "", receipt=result.receipt[:LONGEST])
        if not isinstance(result, Refused):
            return self._doubtful(row, result.reason, abilities, now)
        if result.temporary:
            at = self._next_try(row, now, result.retry_after)
            if at is not None:
                return _Next(
                    EffectState.PENDING, row.detail if row.doubtful else result.reason, at, doubtful=row.doubtful
                )
        if row.doubtful:
            return _Next(EffectState.UNKNOWN, row.detail, doubtful=True)
        return _Next(EffectState.DEAD if result.temporary else EffectState.REFUSED, result.reason)

    def _doubtful(self, row: Row[Any], reason: str, abilities: Abilities, now: datetime) -> _Next:
        """It may have arrived. Only a key that the provider honours makes another try safe."""
        if abilities.honours_keys:
            at = self._next_try(row, now, None)
            return _Next(EffectState.PENDING if at else EffectState.UNKNOWN, reason, at, doubtful=True)
        return _Next(EffectState.UNKNOWN, reason, now if abilities.can_look_up else None, doubtful=True)

    def _next_try(self, row: Row[Any], now: datetime, wanted: timedelta | None) -> datetime | None:
        """Later by the schedule with a tenth of jitter, or as the provider asks; None after the last, or past its time.

        `row.attempts` counts the try that has just been made.
        """
        if row.attempts >= len(TRIES):
            return None
        wait = TRIES[row.attempts] * (0.95 + 0.1 * self._rng.uniform("retry", row.effect, str(row.attempts)))
        at = now + max(timedelta(seconds=wait), wanted or timedelta())
        return at if at < row.expires_at else None

    def _ask_again(self, row: Row[Any], now: datetime) -> datetime | None:
        asked = (now - row.done_at).total_seconds() if row.done_at else 0.0
        total = 0.0
        for wait in ASKED:
            total += wait
            if asked < total:
                return now + timedelta(seconds=wait)
        return None

    def _write(
        self, connection: Connection, found: Sequence[tuple[Row[Any], _Next]], provider: str, now: datetime
    ) -> None:
        if not found:
            return
        e = t.effects.c
        names = ("state", "detail", "not_before", "receipt", "doubtful", "done_at")
        connection.execute(
            update(t.effects)
            .where(e.tenant == self._tenant, e.effect == bindparam("b_effect"))
            .values(lease="", lease_until=None, provider=provider, **{name: bindparam(f"b_{name}") for name in names}),
            [_values(row, after, now) for row, after in found],
        )
        self._were_sent(connection, [row for row, after in found if after.state is EffectState.SENT], now)
        lost = [row.effect for row, after in found if after.state in (EffectState.REFUSED, EffectState.DEAD)]
        release(connection, self._tenant, lost)
        over = {
            row.effect: {"state": after.state, "why": after.detail[:LONGEST]}
            for row, after in found
            if after.state is not EffectState.PENDING
        }
        notes(connection, self._tenant, now, "effect", over)

    def _were_sent(self, connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
        k = t.contacts.c
        names = [row.effect for row in rows]
        issue(connection, self._tenant, names)
        for some in chunks(names):
            connection.execute(
                update(t.contacts).where(k.tenant == self._tenant, k.contact.in_(some)).values(state="sent", at=now)
            )
        for row in rows:
            again = told(connection, self._tenant, row.effect) if row.kind == Kind.DUTY else []
            if again:
                self._ledger.reconfirm(connection, self._tenant, again, row.effect, now)

    def _undecided(self, *where: Any, limit: int | None = None) -> list[Undecided]:
        e = t.effects.c
        query = (
            select(t.effects)
            .where(e.tenant == self._tenant, e.delivery == Delivery.TACTFUL, e.state == EffectState.UNKNOWN, *where)
            .order_by(e.done_at, e.effect)
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [_undecided(row) for row in connection.execute(query)]


def _values(row: Row[Any], after: _Next, now: datetime) -> dict[str, Any]:
    over = after.state is not EffectState.PENDING
    return {
        "b_effect": row.effect,
        "b_state": after.state,
        "b_detail": after.detail[:LONGEST],
        "b_not_before": after.not_before,
        "b_receipt": after.receipt,
        "b_doubtful": after.doubtful,
        "b_done_at": (row.done_at if row.state == EffectState.UNKNOWN else now) if over else None,
    }


def _undecided(row: Row[Any]) -> Undecided:
    return Undecided(
        effect_id=EffectId(row.effect),
        key=row.key,
        customer=row.customer,
        action=row.action,
        channel=row.channel,
        provider=row.provider,
        since=row.done_at,
        reason=row.detail,
    )
