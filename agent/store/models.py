"""Fitted models and what they foretell: customer by customer in short transactions, current once all is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, func, select, text, update

from agent.domain.errors import InputError, NotFound, StoreError
from agent.domain.facts import Foreseen, Omen
from agent.domain.ids import CustomerId, TenantId
from agent.domain.models import Card, Foretelling, Model, Signal
from agent.domain.ports import Clock
from agent.signals.keeping import unpack
from agent.store import schema as t
from agent.store.agreed import readable
from agent.store.database import Database
from agent.store.rows import chunks, insert_new, note

_CARD = TypeAdapter(Card)
BATCH = 5_000


class SqlModels:
    """The `Models` port. Bodies are bytes of numbers: nothing in them is ever run."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(
        self, tenant: TenantId, models: Sequence[Model], told: Iterable[Foretelling], omens: Sequence[Omen]
    ) -> int:
        """Writes customer by customer in short transactions, so that nobody waits for the whole: each customer's old
        foretellings give way to the new ones at once. The models are current when all is written."""
        begun = {model.model for model in self.current(tenant)}
        self.file(tenant, models)
        rows = sorted((_foretold(tenant, one) for one in told), key=lambda row: str(row["customer"]))
        written, start = 0, 0
        while start < len(rows):
            ends = min(len(rows), start + BATCH)
            while ends < len(rows) and rows[ends]["customer"] == rows[ends - 1]["customer"]:
                ends += 1
            written += self._write(tenant, rows[start:ends], omens)
            start = ends
        self._make_current(tenant, models, omens, begun)
        return written

    def file(self, tenant: TenantId, models: Sequence[Model]) -> None:
        with self._database.writing() as connection:
            insert_new(connection, t.models, [_row(tenant, model) for model in models])
            for model in models:
                card = model.card
                note(connection, tenant, self._clock.now(), "fit", model.model, signal=card.signal, chosen=card.chosen)

    def _write(self, tenant: TenantId, rows: list[dict[str, Any]], omens: Sequence[Omen]) -> int:
        f, now = t.foreseen.c, self._clock.now()
        customers = list(dict.fromkeys(str(row["customer"]) for row in rows))
        with self._database.writing() as connection:
            for some in chunks(customers):
                over = (f.model != "") | (f.ends_at <= now)
                mine = (f.tenant == tenant, f.customer.in_(some), f.omen.in_(omens))
                connection.execute(t.foreseen.delete().where(*mine, over))
            return insert_new(connection, t.foreseen, rows)

    def _make_current(self, tenant: TenantId, models: Sequence[Model], omens: Sequence[Omen], begun: set[str]) -> None:
        m, f = t.models.c, t.foreseen.c
        names, signals = [model.model for model in models], [model.card.signal for model in models]
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:tenant))"), {"tenant": f"fit:{tenant}"})
            there = connection.execute(select(m.model).where(m.tenant == tenant, m.current)).scalars()
            if {*there} - begun - {*names}:
                raise StoreError(
                    "another fit ended meanwhile; what is foretold may be of either",
                    next_step="Run `tactful fit` again, alone.",
                )
            connection.execute(update(t.models).where(m.tenant == tenant, m.signal.in_(signals)).values(current=False))
            connection.execute(update(t.models).where(m.tenant == tenant, m.model.in_(names)).values(current=True))
            left = (f.model != "", f.model.not_in(names))
            connection.execute(t.foreseen.delete().where(f.tenant == tenant, f.omen.in_(omens), *left))

    def current(self, tenant: TenantId) -> list[Model]:
        return self._found(tenant, t.models.c.current)

    def named(self, tenant: TenantId, name: str) -> Model:
        m = t.models.c
        if name in list(Signal):
            found = self._found(tenant, m.signal == name, m.current)
        else:
            found = self._found(tenant, m.model.startswith(name, autoescape=True))
        if len(found) != 1:
            raise NotFound(
                f"{'several models begin' if found else 'no model is called or begins'} with {name}",
                next_step="See `tactful models list`; fit one with `tactful fit`.",
            )
        return found[0]

    def count(self, tenant: TenantId, models: Sequence[str]) -> int:
        f = t.foreseen.c
        with self._database.reading() as connection:
            query = select(func.count()).select_from(t.foreseen).where(f.tenant == tenant, f.model.in_(models))
            return connection.execute(query).scalar_one()

    def product_name(self, tenant: TenantId, product: str) -> str:
        p = t.products.c
        with self._database.reading() as connection:
            name = connection.execute(select(p.name).where(p.tenant == tenant, p.product == product)).scalar()
        return name or product

    def told(self, tenant: TenantId, customer: CustomerId, at: datetime) -> list[Foretelling]:
        f = t.foreseen.c
        with self._database.reading() as connection:
            open_ = list(readable(connection, tenant, at, [customer]))
            rows = connection.execute(
                select(t.foreseen)
                .where(f.tenant == tenant, f.customer.in_(open_), f.at <= at)
                .where(f.ends_at.is_(None) | (f.ends_at > at))
                .order_by(f.omen, f.chance.desc(), f.entity)
            ).all()
        return [_telling(row) for row in rows]

    def _found(self, tenant: TenantId, *stands: ColumnElement[bool]) -> list[Model]:
        m = t.models.c
        query = select(t.models).where(m.tenant == tenant, *stands).order_by(m.signal, m.fitted_at)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [_model(row) for row in rows]


def _row(tenant: TenantId, model: Model) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "model": model.model,
        "signal": model.card.signal,
        "hash": model.hash,
        "as_of": model.card.as_of,
        "fitted_at": model.fitted_at,
        "current": False,
        "card": _CARD.dump_json(model.card).decode(),
        "body": model.body,
    }


def _model(row: Row[Any]) -> Model:
    try:
        kept = unpack(row.body, row.model, row.hash)
        card = _CARD.validate_json(row.card)
        same = row.hash.startswith(row.model) and _CARD.validate_json(kept["card"].tobytes()) == card
    except (InputError, KeyError, ValueError):
        same = False
    if not same:
        raise StoreError(
            f"the model {row.model} ({row.signal}) is not what was fitted: its hash differs",
            next_step="Fit it anew with `tactful fit`; find out who changed the store.",
        )
    return Model(
        model=row.model,
        hash=row.hash,
        card=card,
        fitted_at=row.fitted_at,
        body=row.body,
    )


def _foretold(tenant: TenantId, one: Foretelling) -> dict[str, Any]:
    said = one.foreseen
    return {
        "tenant": tenant,
        "customer": one.customer,
        "omen": said.omen,
        "entity": said.entity,
        "value": said.value,
        "chance": said.chance,
        "number": said.number,
        "due_at": said.due_at,
        "source": said.source,
        "at": one.made_at,
        "ends_at": one.ends_at,
        "model": said.model,
        "low": one.low,
        "high": one.high,
        "why": [[name, value] for name, value in one.why],
    }


def _telling(row: Row[Any]) -> Foretelling:
    return Foretelling(
        customer=CustomerId(row.customer),
        foreseen=Foreseen(
            omen=Omen(row.omen),
            entity=row.entity,
            value=row.value,
            chance=row.chance,
            number=row.number,
            due_at=row.due_at,
            source=row.source,
            model=row.model,
        ),
        low=row.low,
        high=row.high,
        why=tuple((name, float(value)) for name, value in row.why),
        made_at=row.at,
        ends_at=row.ends_at,
    )
