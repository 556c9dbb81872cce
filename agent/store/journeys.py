"""Journeys in the store: begun and gone on by a commit, ended in the very transaction that ends their reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, select, update

from agent.domain.bundle import OPEN, Delivery, EffectState
from agent.domain.customer import Channel, Goal, Journey, Touch
from agent.domain.delivery import Sendout
from agent.domain.ids import CustomerId, EffectId, RuleId, TenantId
from agent.domain.journey import EXITS, SELLING, Chapter, Course, Exit
from agent.domain.ports import Clock
from agent.domain.timers import WAITED_FOR, Timer, TimerKind
from agent.store import schema as t
from agent.store.arms import count_outcomes
from agent.store.database import Database
from agent.store.groups import groups_in
from agent.store.records import effect_of
from agent.store.resources import release
from agent.store.rows import chunks, note, notes
from agent.store.timers import ARMED, arm, cancel, cancel_waits

ACTIVE, ENDED = "active", "ended"
FOLLOW_UP = RuleId("tactful-follow-up")
TOLD = frozenset(EXITS) | set(WAITED_FOR)
"""Events that can end something."""
Told = tuple[CustomerId, str, str, datetime]
"""What happened: customer, kind of event, entity, when."""


def go(connection: Connection, tenant: TenantId, courses: Sequence[tuple[CustomerId, Course]], now: datetime) -> None:
    """Writes the touches, and arms the looks-again; inside the commit that holds the customers' versions."""
    c = t.journeys.c
    begun, timers = [], []
    for customer, course in courses:
        j = course.journey
        values = {
            "touches": len(j.tried),
            "tried": [[touch.action, touch.channel, touch.at.isoformat()] for touch in j.tried],
            "last_at": j.tried[-1].at,
            "next_at": j.next_at,
        }
        if course.new:
            begun.append(_begun(tenant, customer, course) | values)
        else:
            connection.execute(update(t.journeys).where(c.tenant == tenant, c.journey == j.journey_id).values(**values))
            cancel(connection, tenant, TimerKind.FOLLOW_UP, [j.journey_id], customer)
        if j.next_at is not None:
            timers.append(follow_up(customer, j.journey_id, j.next_at))
    if begun:
        connection.execute(insert(t.journeys), begun)
    arm(connection, tenant, timers, now)


def _begun(tenant: TenantId, customer: CustomerId, course: Course) -> dict[str, Any]:
    j = course.journey
    return {
        "tenant": tenant,
        "journey": j.journey_id,
        "customer": customer,
        "goal": j.goal,
        "entity": j.entity,
        "state": ACTIVE,
        "started_at": j.started_at,
        "ends_at": j.ends_at,
    }


def with_journeys_or_waits(connection: Connection, tenant: TenantId, customers: set[CustomerId]) -> set[CustomerId]:
    """Those of the customers whom an event can concern: most of an import concerns nobody."""
    found: set[CustomerId] = set()
    for table, more in ((t.journeys, t.journeys.c.state == ACTIVE), (t.timers, t.timers.c.state == ARMED)):
        c = table.c
        for some in chunks(sorted(customers)):
            query = select(c.customer).where(c.tenant == tenant, c.customer.in_(some), more)
            if table is t.timers:
                query = query.where(t.timers.c.unless != "")
            found |= {CustomerId(name) for name in connection.execute(query).scalars()}
    return found


def follow_up(customer: CustomerId, journey: str, at: datetime) -> Timer:
    return Timer(kind=TimerKind.FOLLOW_UP, customer=customer, subject=journey, rule=FOLLOW_UP, due_at=at)


def tell(connection: Connection, tenant: TenantId, told: Sequence[Told], now: datetime) -> None:
    """Ends the journeys whose reason these events end, and the waits that they answer. Customers must be locked."""
    relevant = [x for x in told if x[1] in EXITS]
    active = _active(connection, tenant, {customer for customer, *_ in relevant})
    for customer, kind, entity, at in relevant:
        exit_, goals = EXITS[kind]
        mine = [
            row
            for row in active
            if row.customer == customer
            and row.goal in goals
            and row.started_at <= at
            and (row.goal != Goal.COMPLAINT_SOLVED or row.entity == entity)
        ]
        end(connection, tenant, mine, exit_, now)
    for customer, kind, *_ in told:
        cancel_waits(connection, tenant, customer, kind)


def leave(connection: Connection, tenant: TenantId, customer: str, now: datetime) -> None:
    """The customer is gone: nothing is pursued any more, not even a complaint."""
    end(connection, tenant, _active(connection, tenant, {customer}), Exit.OPTED_OUT, now)


def refused(connection: Connection, tenant: TenantId, customers: Iterable[str], now: datetime) -> None:
    """Whoever says no is not followed any further, on whatever channel and under whatever name."""
    named = set(customers)
    everybody: set[str] = set(groups_in(connection, tenant, named).all(named))
    rows = [row for row in _active(connection, tenant, everybody) if row.goal in SELLING]
    end(connection, tenant, rows, Exit.OPTED_OUT, now)


def end(connection: Connection, tenant: TenantId, rows: Sequence[Row[Any]], exit_: Exit, now: datetime) -> None:
    """Ends journeys: what was still to be sent for them is not, and gives back what it had reserved."""
    if not rows:
        return
    names = [row.journey for row in rows]
    c, e = t.journeys.c, t.effects.c
    connection.execute(
        update(t.journeys)
        .where(c.tenant == tenant, c.journey.in_(names), c.state == ACTIVE)
        .values(state=ENDED, exit=exit_, ended_at=now, next_at=None)
    )
    stopped = connection.execute(
        update(t.effects)
        .where(e.tenant == tenant, e.journey.in_(names), e.state.in_(OPEN), e.delivery == Delivery.TACTFUL)
        .values(state=EffectState.CANCELLED, detail=f"the journey ended: {exit_}", done_at=now, lease="")
        .returning(e.effect)
    ).scalars()
    gone = list(stopped)
    release(connection, tenant, gone)
    detail = {"state": EffectState.CANCELLED, "why": f"the journey ended: {exit_}"}
    notes(connection, tenant, now, "effect", {name: detail for name in gone})
    for row in rows:
        cancel(connection, tenant, TimerKind.FOLLOW_UP, [row.journey], row.customer)
        detail = {"exit": exit_, "goal": row.goal, "customer": row.customer}
        note(connection, tenant, now, "journey", row.journey, **detail)


def _active(connection: Connection, tenant: TenantId, customers: set[str]) -> list[Row[Any]]:
    c = t.journeys.c
    found: list[Row[Any]] = []
    for some in chunks(sorted(customers)):
        query = select(t.journeys).where(c.tenant == tenant, c.customer.in_(some), c.state == ACTIVE)
        found += connection.execute(query).all()
    return found


class SqlJourneys:
    """The `Journeys` port."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def woken(self, tenant: TenantId, names: Sequence[str]) -> dict[str, Journey]:
        """The journeys among these that are under way. Touches that nobody answered are recorded as ignored."""
        c = t.journeys.c
        found: dict[str, Journey] = {}
        with self._database.writing() as connection:
            now = self._clock.now()
            for some in chunks(names):
                query = select(t.journeys).where(c.tenant == tenant, c.journey.in_(some), c.state == ACTIVE)
                found |= {row.journey: journey_of(row) for row in connection.execute(query)}
            count_outcomes(connection, tenant, _unanswered(connection, tenant, list(found), now), "ignored", now)
        return found

    def expire(self, tenant: TenantId, names: Sequence[str]) -> None:
        """Their touches or their time are used up."""
        c = t.journeys.c
        with self._database.writing() as connection:
            for some in chunks(names):
                query = select(t.journeys).where(c.tenant == tenant, c.journey.in_(some), c.state == ACTIVE)
                end(connection, tenant, connection.execute(query).all(), Exit.EXPIRED, self._clock.now())

    def again(self, tenant: TenantId, looks: Sequence[tuple[CustomerId, str, datetime]]) -> None:
        """Arms the next look at journeys (customer, journey, when) in which a decision held."""
        c = t.journeys.c
        with self._database.writing() as connection:
            now = self._clock.now()
            arm(connection, tenant, [follow_up(*look) for look in looks], now)
            connection.execute(
                update(t.journeys)
                .where(c.tenant == tenant, c.journey == bindparam("b_journey"), c.state == ACTIVE)
                .values(next_at=bindparam("b_at")),
                [{"b_journey": journey, "b_at": at} for _, journey, at in looks],
            )

    def chapters(self, tenant: TenantId, customer: CustomerId) -> list[Chapter]:
        """All journeys of a customer, oldest first."""
        c = t.journeys.c
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            query = (
                select(t.journeys).where(c.tenant == tenant, c.customer.in_(group)).order_by(c.started_at, c.journey)
            )
            return [
                Chapter(journey=journey_of(row), exit=Exit(row.exit) if row.exit else None, ended_at=row.ended_at)
                for row in connection.execute(query)
            ]

    def effects(self, tenant: TenantId, customer: CustomerId) -> list[Sendout]:
        """Every effect of a customer with why it stands so and its outcomes, soonest first."""
        e, o = t.effects.c, t.outcomes.c
        with self._database.reading() as connection:
            group = groups_in(connection, tenant, [customer]).of(customer)
            rows = connection.execute(
                select(t.effects).where(e.tenant == tenant, e.customer.in_(group)).order_by(e.due_at, e.effect)
            ).all()
            came: dict[str, list[tuple[str, datetime]]] = {}
            for some in chunks([row.effect for row in rows]):
                query = select(o.effect, o.kind, o.at).where(o.tenant == tenant, o.effect.in_(some)).order_by(o.at)
                for found in connection.execute(query):
                    came.setdefault(found.effect, []).append((found.kind, found.at))
        return [
            Sendout(effect=effect_of(row), why=row.detail, outcomes=tuple(came.get(row.effect, ()))) for row in rows
        ]


def journey_of(row: Any) -> Journey:
    return Journey(
        journey_id=row.journey,
        goal=Goal(row.goal),
        entity=row.entity,
        tried=tuple(
            Touch(action=action, channel=Channel(channel), at=datetime.fromisoformat(at))
            for action, channel, at in row.tried
        ),
        started_at=row.started_at,
        next_at=row.next_at,
        ends_at=row.ends_at,
    )


def _unanswered(connection: Connection, tenant: TenantId, journeys: Sequence[str], now: datetime) -> list[EffectId]:
    """Touches that went out and that nothing was heard of."""
    e, o = t.effects.c, t.outcomes.c
    found: list[EffectId] = []
    for some in chunks(journeys):
        query = (
            select(e.effect)
            .outerjoin(t.outcomes, and_(o.tenant == e.tenant, o.effect == e.effect, o.kind != "viewed"))
            .where(
                e.tenant == tenant,
                e.journey.in_(some),
                e.due_at <= now,
                (e.state == EffectState.SENT)
                | ((e.delivery == Delivery.CALLER) & e.state.in_((EffectState.PENDING, EffectState.EXPIRED))),
                o.effect.is_(None),
            )
        )
        found += [EffectId(name) for name in connection.execute(query).scalars()]
    return found
