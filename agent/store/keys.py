"""API keys: only their hash is kept, so a stolen database opens no door (the `Keys` port)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, update

from agent.domain.access import Key, Scope
from agent.domain.errors import NotFound
from agent.domain.ids import TenantId
from agent.domain.ports import Clock, Ids
from agent.store import schema as t
from agent.store.database import Database
from agent.store.rows import note

PREFIX = "tk"


class SqlKeys:
    """A key reads `tk_<id>_<secret>`. The secret has 256 random bits, so one round of SHA-256 keeps it."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def make(
        self, tenant: TenantId, name: str, scopes: Sequence[Scope], ends_at: datetime | None, signing: bool = False
    ) -> tuple[Key, str]:
        """A new key and the secret that is shown once: the key itself, or `whsec_...` for one that signs."""
        now, key_id = self._clock.now(), self._ids.new()[-16:]
        secret = sha256((self._ids.new() + self._ids.new()).encode()).hexdigest()
        signed = "whsec_" + base64.b64encode(bytes.fromhex(secret)).decode() if signing else ""
        row = {
            "tenant": tenant,
            "key_id": key_id,
            "name": name,
            "hash": _hash(secret) if not signing else "",
            "scopes": " ".join(sorted(scopes)),
            "signing": signed,
            "made_at": now,
            "ends_at": ends_at,
        }
        with self._database.writing() as connection:
            connection.execute(insert(t.api_keys), [row])
            note(connection, tenant, now, "key", key_id, made=True, scopes=row["scopes"])
        return _key(row), signed or f"{PREFIX}_{key_id}_{secret}"

    def find(self, text: str) -> Key | None:
        """Whose key this is; None for what is none, is revoked or has run out. Compared in constant time."""
        parts = text.split("_")
        if len(parts) != 3 or parts[0] != PREFIX or not (parts[1].isalnum() and parts[1].isascii()):
            return None
        row = self._row(parts[1])
        if row is None or not row.hash or not hmac.compare_digest(_hash(parts[2]), row.hash):
            return None
        return _key(row._mapping)

    def signing(self, key_id: str) -> tuple[Key, list[str]] | None:
        """The key that signs, with its secrets; None as for `find`."""
        row = self._row(key_id) if key_id.isalnum() and key_id.isascii() and len(key_id) <= 40 else None
        return (_key(row._mapping), row.signing.split()) if row is not None and row.signing else None

    def all(self, tenant: TenantId) -> list[Key]:
        k = t.api_keys.c
        with self._database.reading() as connection:
            rows = connection.execute(select(t.api_keys).where(k.tenant == tenant).order_by(k.made_at, k.key_id)).all()
        return [_key(row._mapping) for row in rows]

    def tenants(self) -> list[TenantId]:
        """Everybody whose work goes on and whose customers' links hold, also when their keys have ended."""
        with self._database.reading() as connection:
            both = select(t.tenants.c.tenant).union(select(t.api_keys.c.tenant)).order_by("tenant")
            return [TenantId(x) for x in connection.execute(both).scalars()]

    def end(self, tenant: TenantId, key_id: str, at: datetime) -> Key:
        """The key holds until then, or not even that long. Raises NotFound."""
        k = t.api_keys.c
        with self._database.writing() as connection:
            mine = (k.tenant == tenant, k.key_id == key_id)
            row = connection.execute(select(t.api_keys).where(*mine)).first()
            if row is None:
                raise NotFound("no key of this id", next_step="List them: tactful keys list.")
            ends = min(at, row.ends_at) if row.ends_at else at
            connection.execute(update(t.api_keys).where(*mine).values(ends_at=ends))
            note(connection, tenant, self._clock.now(), "key", key_id, made=False)
        return _key({**row._mapping, "ends_at": ends})

    def _row(self, key_id: str) -> Any:
        k = t.api_keys.c
        with self._database.reading() as connection:
            row = connection.execute(select(t.api_keys).where(k.key_id == key_id)).first()
        return row if row is not None and (row.ends_at is None or row.ends_at > self._clock.now()) else None


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _key(row: Any) -> Key:
    return Key(
        key_id=row["key_id"],
        tenant=TenantId(row["tenant"]),
        name=row["name"],
        scopes=frozenset(Scope(name) for name in row["scopes"].split()),
        made_at=row["made_at"],
        ends_at=row["ends_at"],
        signing=bool(row["signing"]),
    )
