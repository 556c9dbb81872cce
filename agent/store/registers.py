"""Do-not-call registers and suppression lists, and the tokens of one-click unsubscribing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from agent.domain.customer import Channel
from agent.domain.errors import NotFound
from agent.domain.ids import CustomerId, TenantId
from agent.domain.ports import Clock, Duties, Ids
from agent.domain.timers import TimerKind
from agent.store import schema as t
from agent.store.database import Database
from agent.store.groups import ever_one_with
from agent.store.rows import Pseudonyms, chunks, insert_new, move_versions
from agent.store.timers import arm, cancel


def copy(
    connection: Connection,
    tenant: TenantId,
    names: Pseudonyms,
    duties: Duties,
    register: str,
    addresses: Sequence[str],
    copied_at: datetime,
    now: datetime,
) -> int:
    """Takes a fresh copy of a register (its addresses, normalised) inside a transaction; how many were new.

    Addresses are kept as keyed hashes. An older copy than the one at hand adds its addresses and leaves the date.
    """
    rows = [{"tenant": tenant, "hash": hashed(names, a), "register": register, "at": now} for a in addresses]
    copied_at = min(copied_at, now)
    new = insert_new(connection, t.suppressions, rows)
    _mark(connection, tenant, addresses)
    if _newer(connection, tenant, register, copied_at):
        cancel(connection, tenant, TimerKind.REGISTER_REFRESH, [register])
        arm(connection, tenant, duties.of_register(register, copied_at), now)
    return new


def _newer(connection: Connection, tenant: TenantId, register: str, copied_at: datetime) -> bool:
    c = t.registers.c
    if insert_new(connection, t.registers, [{"tenant": tenant, "register": register, "copied_at": copied_at}]):
        return True
    older = (c.tenant == tenant, c.register == register, c.copied_at < copied_at)
    return bool(connection.execute(update(t.registers).where(*older).values(copied_at=copied_at)).rowcount)


def _mark(connection: Connection, tenant: TenantId, addresses: Sequence[str]) -> None:
    """Marks the addresses we hold, and moves their customers' versions."""
    a = t.addresses.c
    for some in chunks(addresses):
        met = (a.tenant == tenant, a.value.in_(some), a.listed.is_(False))
        touched = connection.execute(select(a.customer).where(*met)).scalars().all()
        if touched:
            connection.execute(update(t.addresses).where(*met).values(listed=True))
            move_versions(connection, tenant, touched)


def hashed(names: Pseudonyms, address: str) -> str:
    return names.keyed("suppression", address)


def listed_of(connection: Connection, tenant: TenantId, hashes: Sequence[str]) -> set[str]:
    """Those of the hashed addresses that stand on a list."""
    c, found = t.suppressions.c, set()
    for some in chunks(hashes):
        query = select(c.hash).where(c.tenant == tenant, c.hash.in_(some))
        found |= set(connection.execute(query).scalars())
    return found


def tokens_of(
    connection: Connection, tenant: TenantId, customers: Sequence[str], channel: Channel, ids: Ids, now: datetime
) -> dict[str, str]:
    """The tokens of these customers for a channel, made on first use inside a transaction."""
    c = t.unsubscribe_tokens.c
    mine = (c.tenant == tenant, c.channel == channel, c.customer.in_(customers))
    known = {row.customer: row.token for row in connection.execute(select(c.customer, c.token).where(*mine))}
    made = {customer: ids.new() for customer in customers if customer not in known}
    row = {"tenant": tenant, "channel": channel, "made_at": now}
    insert_new(connection, t.unsubscribe_tokens, [row | {"customer": who, "token": made[who]} for who in made])
    return known | made


class SqlTokens:
    """The `Tokens` port: opaque names for (customer, channel) in unsubscribe links. They never expire."""

    def __init__(self, database: Database, ids: Ids, clock: Clock) -> None:
        self._database = database
        self._ids = ids
        self._clock = clock

    def make(self, tenant: TenantId, customer: CustomerId, channel: Channel) -> str:
        """The token of the two: 32 hex digits, from the port of randomness; '' for somebody who was erased."""
        c = t.customers.c
        with self._database.writing() as connection:
            erased = select(c.erased_at).where(c.tenant == tenant, c.customer == customer)
            if connection.execute(erased).scalar() is not None:
                return ""
            found = tokens_of(connection, tenant, [customer], channel, self._ids, self._clock.now())
            return found[customer]

    def also(self, tenant: TenantId, customer: CustomerId) -> list[CustomerId]:
        """Who else the person behind a link was ever taken for: the mail may have gone to an address of theirs."""
        with self._database.reading() as connection:
            return ever_one_with(connection, tenant, customer)[1:]

    def find(self, tenant: TenantId, token: str) -> tuple[CustomerId, Channel]:
        """Raises NotFound."""
        c = t.unsubscribe_tokens.c
        with self._database.reading() as connection:
            row = connection.execute(select(c.customer, c.channel).where(c.tenant == tenant, c.token == token)).first()
        if row is None:
            raise NotFound("this link is not one of ours", next_step="Use the link of the newest message.")
        return CustomerId(row.customer), Channel(row.channel)
