"""Who agreed to be profiled, by every name they are known under: what nobody agreed to is not even loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, or_, select

from agent.domain.consent import standing, together
from agent.domain.customer import Consent, ConsentStatus, Purpose
from agent.domain.ids import CustomerId, TenantId
from agent.store import folds
from agent.store import schema as t
from agent.store.groups import Groups, all_groups, groups_in
from agent.store.ledger import consent_of

_AT = bindparam("at", type_=t.Utc)
_READ = ("customer", "purpose", "channel", "status", "given_at", "basis", "expires_at", "conditions", "deal_ended_at")
_PROFILING = select(*(t.consents.c[name] for name in _READ)).where(
    t.consents.c.tenant == bindparam("tenant", type_=String),
    t.consents.c.purpose == Purpose.PROFILING,
    or_(
        t.consents.c.given_at <= _AT,
        (t.consents.c.status == ConsentStatus.WITHDRAWN) & (t.consents.c.recorded_at <= _AT),
    ),
)


def unread(
    customers: Iterable[str],
    groups: Groups,
    agreed: Mapping[Any, Sequence[Consent]],
    own: Mapping[str, Sequence[Consent]],
    at: datetime,
) -> frozenset[str]:
    """Names under which nobody agreed to be read: being joined to one who did opens nothing of before.

    `agreed` is what stands of each person, `own` what was stated under each name.
    """
    closed: set[str] = set()
    for customer in customers:
        group = groups.of(customer)
        if len(group) > 1:
            since = groups.since(customer)
            anew = any(folds.allows_profiling(c, at) and c.given_at >= since for c in agreed.get(customer, ()))
            closed |= {m for m in group if not anew and not _alone(own.get(m, ()), at)}
    return frozenset(closed)


def _alone(stated: Sequence[Consent], at: datetime) -> bool:
    return any(folds.allows_profiling(c, at) for c in standing(stated))


def readable(
    connection: Connection, tenant: TenantId, at: datetime, of: Sequence[CustomerId] | None = None
) -> dict[str, CustomerId]:
    """Every name whose facts may be read at an instant, and the customer it belongs to; of everybody, or of some."""
    own = defaultdict[str, list[Consent]](list)
    if of is None:
        groups, query = all_groups(connection, tenant, at), _PROFILING
    else:
        groups = groups_in(connection, tenant, of, at)
        query = _PROFILING.where(t.consents.c.customer.in_(groups.all(of)))
    for row in connection.execute(query, {"tenant": tenant, "at": at}):
        own[row.customer].append(consent_of(row))
    heads = {groups.head(name) for name in own}
    agreed: dict[str, tuple[Consent, ...]] = {}
    for head in heads:
        group = groups.of(head)
        alone = len(group) == 1
        agreed[head] = standing(own[head]) if alone else together((own.get(m, []) for m in group), groups.since(head))
    allowed = [head for head in heads if any(folds.allows_profiling(c, at) for c in agreed[head])]
    closed = unread(allowed, groups, agreed, own, at)
    return {name: CustomerId(head) for head in allowed for name in groups.of(head) if name not in closed}
