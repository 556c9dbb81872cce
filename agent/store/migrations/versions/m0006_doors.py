"""The API's own tables, and an audit in which every row is hashed and chained."""

from datetime import UTC
from hashlib import sha256
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
UNCHAINED = sa.text("position IS NULL")


def _text(name: str, length: int, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False, **more)


def _table(
    name: str, *columns: sa.Column[Any], key: tuple[str, ...], indexes: tuple[tuple[str, ...], ...] = ()
) -> None:
    op.create_table(
        name,
        _text("tenant", 64),
        *columns,
        sa.PrimaryKeyConstraint("tenant", *key, name=op.f(f"pk_{name}")),
    )
    for columns_ in indexes:
        op.create_index(op.f(f"ix_{name}_{'_'.join(columns_)}"), name, list(columns_))


def _hash_what_is_there() -> None:
    """Rows of before are vouched for as they stand now."""
    rows = sa.table(
        "audit",
        sa.column("seq"),
        sa.column("tenant"),
        sa.column("at", TIME),
        sa.column("what"),
        sa.column("subject"),
        sa.column("detail", sa.JSON()),
        sa.column("hash"),
    )
    c, connection, last = rows.c, op.get_bind(), 0
    while True:
        found = connection.execute(sa.select(rows).where(c.seq > last).order_by(c.seq).limit(5_000)).all()
        if not found:
            return
        last = found[-1].seq
        hashed = []
        for row in found:
            at = row.at.replace(tzinfo=UTC) if row.at.tzinfo is None else row.at.astimezone(UTC)
            said = [row.tenant, at.isoformat(), row.what, row.subject, row.detail]
            text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
            hashed.append({"b_seq": row.seq, "b_hash": sha256(text).hexdigest()})
        connection.execute(
            sa.update(rows).where(c.seq == sa.bindparam("b_seq")).values(hash=sa.bindparam("b_hash")), hashed
        )


def upgrade() -> None:
    op.add_column("customers", sa.Column("erased_at", TIME))
    op.add_column("audit", _text("hash", 64, server_default=""))
    op.add_column("audit", sa.Column("position", sa.BigInteger()))
    op.add_column("audit", _text("chain", 64, server_default=""))
    _hash_what_is_there()
    op.create_index("uq_audit_position", "audit", ["tenant", "position"], unique=True)
    op.create_index(
        "ix_audit_unchained", "audit", ["tenant", "seq"], sqlite_where=UNCHAINED, postgresql_where=UNCHAINED
    )
    _table(
        "api_keys",
        _text("key_id", 160),
        _text("name", 120),
        _text("hash", 64),
        _text("scopes", 400),
        _text("signing", 200, server_default=""),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ends_at", TIME),
        key=("key_id",),
    )
    op.create_index("uq_api_keys_key_id", "api_keys", ["key_id"], unique=True)
    _table(
        "answers",
        _text("key", 64),
        _text("request", 64),
        _text("customer", 40, server_default=""),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.LargeBinary()),
        _text("lease", 40, server_default=""),
        sa.Column("lease_until", TIME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        key=("key",),
        indexes=(("tenant", "customer"), ("at",)),
    )
    _table(
        "messages", _text("message", 64), sa.Column("at", TIME, nullable=False), key=("message",), indexes=(("at",),)
    )
    _table(
        "waiting",
        _text("message", 64),
        _text("customer", 40),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        key=("message",),
        indexes=(("tenant", "due_at"), ("tenant", "customer")),
    )
    _table(
        "stated",
        _text("customer", 160),
        _text("fact", 24),
        sa.Column("at", TIME, nullable=False),
        _text("message", 64),
        key=("customer", "fact"),
    )
    _table(
        "endpoints",
        _text("endpoint", 160),
        _text("url", 2000),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("old_until", TIME),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        _text("state", 16),
        sa.Column("at", TIME, nullable=False),
        key=("endpoint",),
    )
    _table(
        "deliveries",
        _text("endpoint", 160),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _text("state", 16),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", TIME),
        _text("lease", 40, server_default=""),
        _text("detail", 120, server_default=""),
        sa.Column("at", TIME, nullable=False),
        key=("endpoint", "position"),
        indexes=(("tenant", "state", "next_at"),),
    )


def downgrade() -> None:
    raise RuntimeError("keys and the audit's chain would be lost: restore a backup instead")
