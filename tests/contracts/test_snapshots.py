"""The Snapshots, Ledger, ImportSink and Records ports: the same on SQLite and on Postgres."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from agent.domain.customer import AgeAssurance, Channel, ConsentStatus, Purpose, Snapshot
from agent.domain.errors import Erased, InputError, NotFound, StoreError
from agent.domain.imports import Quarantined, Row
from agent.domain.money import Money
from agent.service import Tactful
from agent.store import schema as t
from agent.store.database import Database
from tests.conftest import CountingIds, StoppedClock
from tests.support.brand import agreed, consent, event, order, person, product, regular
from tests.support.people import NOON

DAY = timedelta(days=1)


@pytest.fixture
def tactful(tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds) -> Tactful:
    return product(tmp_path, database, clock, ids)


def seen(tactful: Tactful, name: str = "ann", at: object = NOON) -> Snapshot:
    (snapshot,) = tactful.stores.snapshots.snapshots(tactful.tenant, [tactful.find(name)], at)  # type: ignore[arg-type]
    return snapshot


def test_taking_the_same_rows_again_changes_nothing(tactful: Tactful) -> None:
    rows: list[Row] = [
        *regular("ann"),
        event("ann", "product_viewed", NOON - DAY, "lamp"),
        event("ann", "case_opened", NOON, "k1"),
    ]
    assert tactful.take(rows) > 0
    before = seen(tactful)
    assert tactful.take(rows) == 0
    assert seen(tactful) == before


def test_history_is_what_had_happened_and_was_known_by_then(tactful: Tactful) -> None:
    tactful.take([person("ann"), *agreed("ann"), order("ann", "1", NOON - 10 * DAY), order("ann", "2", NOON - 2 * DAY)])
    then, now = seen(tactful, at=NOON - 5 * DAY).history, seen(tactful).history
    assert then is not None
    assert now is not None
    assert (then.orders, now.orders) == (1, 2)
    assert now.net == Money(Decimal("120.00"), "GBP")
    assert seen(tactful, at=NOON - 11 * DAY).history is None


def test_returns_lower_the_value_but_are_no_orders(tactful: Tactful) -> None:
    tactful.take(
        [
            person("ann"),
            *agreed("ann"),
            order("ann", "1", NOON - 9 * DAY, quantity=3),
            order("ann", "C1", NOON - 8 * DAY, quantity=-1),
        ]
    )
    history = seen(tactful).history
    assert history is not None
    assert history.orders == 1
    assert history.net == Money(Decimal("60.00"), "GBP")


def test_without_consent_to_profiling_no_behaviour_is_loaded(tactful: Tactful) -> None:
    tactful.take([person("ann"), order("ann", "1", NOON - DAY), event("ann", "product_viewed", NOON, "lamp")])
    snapshot = seen(tactful)
    assert snapshot.history is None
    assert snapshot.events == ()
    assert snapshot.products == ()


def test_consents_count_from_the_moment_they_were_given_to_the_moment_they_were_withdrawn(tactful: Tactful) -> None:
    channel = Channel.EMAIL
    tactful.take(
        [
            person("ann"),
            consent("ann", Purpose.AD_SENDING, channel, at=NOON - 5 * DAY),
            consent("ann", Purpose.AD_SENDING, channel, ConsentStatus.WITHDRAWN, at=NOON - 2 * DAY),
        ]
    )
    for days, expected in ((6, False), (4, True), (1, False)):
        at = NOON - days * DAY
        assert seen(tactful, at=at).granted(Purpose.AD_SENDING, channel, at) is expected


def test_at_the_same_instant_a_refusal_outweighs_a_grant(tactful: Tactful) -> None:
    both = [consent("ann", Purpose.PROFILING, None, status, at=NOON - DAY) for status in ConsentStatus]
    tactful.take([person("ann"), *both])
    assert not seen(tactful).granted(Purpose.PROFILING, None, NOON)


def test_an_older_withdrawal_that_arrives_late_does_not_undo_a_newer_grant(tactful: Tactful) -> None:
    tactful.take([person("ann"), consent("ann", Purpose.MARKETING_PROCESSING, None, at=NOON - DAY)])
    tactful.take([consent("ann", Purpose.MARKETING_PROCESSING, None, ConsentStatus.WITHDRAWN, at=NOON - 3 * DAY)])
    assert seen(tactful).objected_at is None
    tactful.consents.record("ann", ConsentStatus.WITHDRAWN, [(Purpose.MARKETING_PROCESSING, None)], "test")
    assert seen(tactful).objected_at == NOON


def test_decision_facts_move_the_version_and_page_views_do_not(tactful: Tactful) -> None:
    tactful.take(list(regular("ann")))
    versions = [seen(tactful).version]
    tactful.take([event("ann", "product_viewed", NOON, "lamp")])
    versions.append(seen(tactful).version)
    tactful.take([event("ann", "case_opened", NOON, "k1")])
    versions.append(seen(tactful).version)
    tactful.take([person("ann", country="KR", zone="Asia/Seoul")])
    versions.append(seen(tactful).version)
    tactful.consents.record("ann", ConsentStatus.GRANTED, [(Purpose.LOCATION, None)], "test")
    versions.append(seen(tactful).version)
    assert [b - a for a, b in itertools.pairwise(versions)] == [0, 1, 1, 1]


def test_what_a_row_does_not_state_stays_as_it_was(tactful: Tactful) -> None:
    tactful.take([person("ann")])
    tactful.take([replace(person("ann"), key="later", country=None, zone=None, age=None, locale=None, addresses={})])
    snapshot = seen(tactful)
    assert (snapshot.country, snapshot.zone, snapshot.age) == ("GB", "Europe/London", AgeAssurance.ATTESTED)
    assert {r.channel for r in snapshot.reach} == {Channel.EMAIL, Channel.SMS}


def test_a_new_address_replaces_the_old_under_a_new_reference(tactful: Tactful) -> None:
    tactful.take([person("ann")])
    before = seen(tactful)
    tactful.take([replace(person("ann"), key="moved", addresses={Channel.EMAIL: "new@mail.example"})])
    after = seen(tactful)
    assert len(after.reach) == 2
    assert before.reach != after.reach
    assert after.version == before.version + 1


def test_a_case_is_open_until_it_is_closed(tactful: Tactful) -> None:
    tactful.take(
        [
            person("ann"),
            event("ann", "case_opened", NOON - 2 * DAY, "k1"),
            event("ann", "case_closed", NOON - DAY, "k1"),
        ]
    )
    (then,), (now,) = seen(tactful, at=NOON - 1.5 * DAY).cases, seen(tactful).cases
    assert then.closed_at is None
    assert now.closed_at == NOON - DAY


def test_tenants_do_not_see_each_other(
    tactful: Tactful, tmp_path: Path, database: Database, clock: StoppedClock, ids: CountingIds
) -> None:
    tactful.take(list(regular("ann")))
    other = product(tmp_path, database, clock, ids, tenant="rival")
    with pytest.raises(NotFound):
        other.find("ann")
    other.take([person("ann")])
    assert other.find("ann") != tactful.find("ann")
    assert seen(other).consents == ()
    decision = asyncio.run(tactful.decide("ann", as_of=NOON))
    with pytest.raises(NotFound):
        other.decision(decision.decision_id)
    assert list(other.decisions()) == []


def test_an_order_of_snapshots_follows_the_ids_and_unknown_ones_are_left_out(tactful: Tactful) -> None:
    names = [f"p{n}" for n in range(12)]
    tactful.take([person(name) for name in names])
    ids = [tactful.find(name) for name in reversed(names)]
    found = list(tactful.stores.snapshots.snapshots(tactful.tenant, [*ids, "c_unknown"], NOON))  # type: ignore[list-item]
    assert [s.customer for s in found] == ids


def test_outcomes_are_counted_once_for_their_arm(tactful: Tactful) -> None:
    names = [f"p{n}" for n in range(6)]
    for name in names:
        tactful.take(list(regular(name)))
    decisions = [asyncio.run(tactful.decide(name, as_of=NOON)) for name in names]
    effects = [d.effects[0] for d in decisions if d.effects]
    assert len(effects) >= 3
    with pytest.raises(InputError, match="has not left"):
        tactful.outcome(effects[0], "accepted")
    tactful.sending.drain()
    assert tactful.outcome(effects[0], "accepted")
    assert not tactful.outcome(effects[0], "accepted")
    assert tactful.outcome(effects[0], "converted")
    assert tactful.outcome(effects[1], "ignored")
    (arm,) = seen(tactful, names[0]).arms
    assert (arm.action, arm.channel, arm.trials, arm.successes) == ("recommend_product", Channel.EMAIL, 2, 1)
    with pytest.raises(NotFound):
        tactful.outcome("e_nothing", "accepted")


def test_a_decision_is_found_by_the_beginning_of_its_id(tactful: Tactful) -> None:
    tactful.take(list(regular("ann")))
    made = asyncio.run(tactful.decide("ann", as_of=NOON))
    assert tactful.decision(made.decision_id[:10]) == made
    with pytest.raises(NotFound):
        tactful.decision("d_")


def test_a_decision_whose_inputs_are_erased_stands_but_cannot_be_replayed(tactful: Tactful, database: Database) -> None:
    tactful.take(list(regular("ann")))
    made = asyncio.run(tactful.decide("ann", as_of=NOON))
    assert tactful.replay(made.decision_id).same
    with database.writing() as connection:
        connection.execute(t.inputs.delete().where(t.inputs.c.customer == made.customer))
    with pytest.raises(Erased):
        tactful.replay(made.decision_id)
    assert tactful.decision(made.decision_id) == made


def test_a_trigger_that_no_column_could_hold_is_refused(tactful: Tactful) -> None:
    tactful.take([person("ann")])
    with pytest.raises(InputError):
        asyncio.run(tactful.decide("ann", trigger="x" * 500, as_of=NOON))


def test_decisions_inputs_and_audit_hold_no_personal_data(tactful: Tactful, database: Database) -> None:
    """Names, addresses and external ids stand in three tables only."""
    canary = "canaryperson"
    rows = [
        replace(person(canary, first_name=canary), key="k1"),
        *(replace(row, key=f"a{number}") for number, row in enumerate(agreed(canary))),
        replace(order(canary, "o1", NOON - DAY), key="k2"),
        replace(event(canary, "product_viewed", NOON, "lamp"), key="k3"),
    ]
    tactful.take(rows)
    made = asyncio.run(tactful.decide(canary, as_of=NOON))
    bodies = tactful.stores.records.body(tactful.tenant, made.inputs) + repr(made).encode()
    assert canary.encode() not in bodies
    personal = {"persons", "identities", "addresses"}
    for table in t.metadata.sorted_tables:
        with database.reading() as connection:
            text = repr(connection.execute(select(table)).all())
        assert (canary in text) is (table.name in personal), table.name


def test_quarantined_rows_keep_place_and_reason_but_no_content(tactful: Tactful, database: Database) -> None:
    tactful.take([Quarantined(key="q1", place="file.csv:3", reason="email: not an address")])
    with database.reading() as connection:
        (row,) = connection.execute(select(t.quarantine)).all()
    assert (row.place, row.reason) == ("file.csv:3", "email: not an address")
    assert set(row._fields) == {"tenant", "key", "place", "reason", "imported_at"}


def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    with database.reading() as connection:
        inspector = inspect(connection)
        for table in t.metadata.sorted_tables:
            columns = {c["name"]: bool(c["nullable"]) for c in inspector.get_columns(table.name)}
            assert columns == {c.name: bool(c.nullable) for c in table.columns}, table.name
            indexes = {i["name"] for i in inspector.get_indexes(table.name)}
            assert {i.name for i in table.indexes} <= indexes, table.name


def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        Database(database.engine.url.render_as_string(hide_password=False))


def test_a_time_without_a_zone_is_never_stored(database: Database) -> None:
    with pytest.raises(StoreError), database.writing() as connection:
        connection.execute(
            t.tenants.insert(), [{"tenant": "x", "secret": "s", "created_at": NOON.replace(tzinfo=None)}]
        )


def test_a_case_that_is_opened_again_is_open_in_whatever_order_its_events_arrive(tactful: Tactful) -> None:
    told = [
        event("ann", "case_opened", NOON - 5 * DAY, "k1"),
        event("ann", "case_closed", NOON - 4 * DAY, "k1"),
        event("ann", "case_opened", NOON - 1 * DAY, "k1"),
    ]
    tactful.take([person("ann"), told[2]])
    tactful.take([told[1]])
    tactful.take([told[0]])
    (case,) = seen(tactful).cases
    assert (case.opened_at, case.closed_at) == (NOON - DAY, None)
    (earlier,) = seen(tactful, at=NOON - 2 * DAY).cases
    assert earlier.closed_at == NOON - 4 * DAY
    before = seen(tactful)
    tactful.take(told)
    assert seen(tactful) == before


def test_two_customers_may_have_cases_of_the_same_number(tactful: Tactful) -> None:
    tactful.take([event(name, "case_opened", NOON - DAY, "1") for name in ("ann", "bob")])
    assert [len(seen(tactful, name).cases) for name in ("ann", "bob")] == [1, 1]


def test_a_flood_of_views_hides_neither_a_purchase_nor_an_answer(tactful: Tactful) -> None:
    views = [event("ann", "product_viewed", NOON - timedelta(seconds=30 * n), "lamp") for n in range(80)]
    told = [
        event("ann", "purchased", NOON - timedelta(hours=1), "o"),
        event("ann", "chat_declined", NOON - timedelta(hours=1)),
    ]
    tactful.take([person("ann"), *agreed("ann"), *views, *told])
    kinds = [e.kind for e in seen(tactful).events]
    assert {"purchased", "chat_declined"} <= set(kinds)
    assert len(kinds) <= 40


def test_orders_in_another_currency_are_not_added_up(tactful: Tactful) -> None:
    foreign = replace(order("ann", "2", NOON - DAY), price=Money(Decimal(1_000_000), "KRW"))
    tactful.take([person("ann"), *agreed("ann"), order("ann", "1", NOON - 9 * DAY), foreign])
    history = seen(tactful).history
    assert history is not None
    assert (history.orders, history.net) == (1, Money(Decimal("60.00"), "GBP"))


def test_a_shorter_consent_of_the_same_instant_counts(tactful: Tactful) -> None:
    given = consent("ann", Purpose.PROFILING, None)
    tactful.take([person("ann"), given])
    shorter = replace(given.entry, consent=replace(given.entry.consent, expires_at=NOON - DAY))
    tactful.take([replace(given, key="later", entry=shorter)])
    assert not seen(tactful).granted(Purpose.PROFILING, None, NOON)


def test_two_holds_at_once_count_as_two(tactful: Tactful) -> None:
    tactful.take([person("ann")])
    for trigger in ("a", "b"):
        asyncio.run(tactful.decide("ann", trigger=trigger, as_of=NOON))
    assert seen(tactful).ordinal == 2
