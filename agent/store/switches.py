"""Switches that stop the house: after `pause` has committed, nothing new is claimed, for one tenant or for all."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from agent.domain.ids import TenantId
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import insert_new, note

EVERYONE = TenantId("*")
DISPATCH = "dispatch"
_LOCK = 7_266_382


class SqlSwitches:
    """The `Switches` port."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def pause(self, tenant: TenantId, by: str, switch: str = DISPATCH) -> bool:
        """False where it was paused already. On return no claim is under way that began before."""
        now = self._clock.now()
        with self._database.writing() as connection:
            _exclude_claims(connection)
            row = {"tenant": tenant, "switch": switch, "by": by, "at": now}
            new = insert_new(connection, t.switches, [row])
            note(connection, tenant, now, "pause", switch, by=by)
        return bool(new)

    def resume(self, tenant: TenantId, by: str, switch: str = DISPATCH) -> bool:
        """False where it was not paused."""
        c = t.switches.c
        with self._database.writing() as connection:
            gone = connection.execute(delete(t.switches).where(c.tenant == tenant, c.switch == switch)).rowcount
            note(connection, tenant, self._clock.now(), "resume", switch, by=by)
        return bool(gone)

    def off(self, tenant: TenantId) -> frozenset[str]:
        """What stands still for this tenant."""
        with self._database.reading() as connection:
            return switched_off(connection, tenant)


def switched_off(connection: Connection, tenant: TenantId) -> frozenset[str]:
    c = t.switches.c
    return frozenset(connection.execute(select(c.switch).where(c.tenant.in_((tenant, EVERYONE)))).scalars())


def is_paused(connection: Connection, tenant: TenantId) -> bool:
    """Asked in the transaction of a claim. The shared lock makes `pause` wait for claims that are under way."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))
    return DISPATCH in switched_off(connection, tenant)


def _exclude_claims(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
