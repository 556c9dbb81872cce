"""Which state of a brand's guideline files is in force: a row that changes with the files."""

from __future__ import annotations

from sqlalchemy import String, bindparam, select, update

from agent.domain.ids import TenantId
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import insert_new, note

_CURRENT = select(t.guidelines.c.version).where(t.guidelines.c.tenant == bindparam("tenant", type_=String))
"""Asked before every answer; built once."""


class SqlGuidelineVersions:
    """`place` names the folder that this process reads, and its machine, without telling them."""

    def __init__(self, database: Database, clock: Clock, place: str) -> None:
        self._place = place
        self._database = database
        self._clock = clock

    def current(self, tenant: TenantId) -> str | None:
        with self._database.reading() as connection:
            return connection.execute(_CURRENT, {"tenant": tenant}).scalar()

    def was_replaced(self, tenant: TenantId, version: str) -> bool:
        """Whether these files were in force before, and others from another place have replaced them since."""
        a = t.audit.c
        mine = select(a.subject, a.detail).where(a.tenant == tenant, a.what == "guidelines")
        with self._database.reading() as connection:
            newest = connection.execute(mine.order_by(a.seq.desc()).limit(1)).first()
            if newest is None or newest.detail.get("place") == self._place:
                return False
            return connection.execute(mine.where(a.subject == version).limit(1)).first() is not None

    def put(self, tenant: TenantId, version: str, passages: int) -> bool:
        """Notes the version; True where it is another than before."""
        if self.current(tenant) == version:
            return False
        row = {"tenant": tenant, "version": version, "passages": passages, "at": self._clock.now()}
        with self._database.writing() as connection:
            if not insert_new(connection, t.guidelines, [row]):
                connection.execute(
                    update(t.guidelines)
                    .where(t.guidelines.c.tenant == tenant)
                    .values(version=version, passages=passages, at=row["at"])
                )
            note(connection, tenant, self._clock.now(), "guidelines", version, passages=passages, place=self._place)
        return True
